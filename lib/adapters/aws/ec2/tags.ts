import type { Tag } from '@aws-sdk/client-ec2';
import type { LaunchRequest } from '../../../ports/compute-provider.ts';
import { vmTags } from '../../../ports/contracts/vm-tags.ts';

/** Tags set on create: whose the machine is and what its agent must know, readable there from the metadata service. */
export function launchTags(
  { owner, region, endpoint }: { owner: string; region: string; endpoint: string | undefined },
  request: LaunchRequest,
): Tag[] {
  const tags: Record<string, string> = {
    [vmTags.owner]: owner,
    [vmTags.region]: region,
    ...(endpoint === undefined ? {} : { [vmTags.endpoint]: endpoint }),
    [vmTags.pool]: request.poolId,
    [vmTags.epoch]: String(request.epoch),
    [vmTags.intent]: request.clientToken,
    [vmTags.offer]: request.offer.id,
    [vmTags.sharingLimit]: String(request.sharingLimit),
    [vmTags.queueLimit]: String(request.queueLimit),
    [vmTags.exact]: request.exact ? '1' : '0',
    [vmTags.cores]: String(request.offer.type.cores),
    [vmTags.coreSpeed]: String(request.offer.type.coreSpeed),
    [vmTags.memoryMiB]: String(request.offer.type.memoryMiB),
    Name: `${owner} ${request.poolId}`,
  };
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

export function readTags(tags: readonly Tag[] | undefined): Map<string, string> {
  return new Map((tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
}
