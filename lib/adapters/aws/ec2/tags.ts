import type { Tag } from '@aws-sdk/client-ec2';
import type { LaunchRequest, Offer } from '../../../ports/compute-provider.ts';
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
    [vmTags.sharingLimit]: String(request.sharingLimit),
    [vmTags.queueLimit]: String(request.queueLimit),
    [vmTags.exact]: request.exact ? '1' : '0',
    ...typeTags(request.offer),
    Name: `${owner} ${request.poolId}`,
  };
  return toTags(tags);
}

/** What depends on the type: set again on a machine that came as another type than the first asked for. */
export const retags = (offer: Offer): Tag[] => toTags(typeTags(offer));

const typeTags = (offer: Offer): Record<string, string> => ({
  [vmTags.offer]: offer.id,
  [vmTags.cores]: String(offer.type.cores),
  [vmTags.coreSpeed]: String(offer.type.coreSpeed),
  [vmTags.memoryMiB]: String(offer.type.memoryMiB),
});

const toTags = (tags: Record<string, string>): Tag[] => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export function readTags(tags: readonly Tag[] | undefined): Map<string, string> {
  return new Map((tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
}
