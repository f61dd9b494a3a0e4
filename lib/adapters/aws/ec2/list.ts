import { DescribeInstancesCommand, type EC2Client, type Filter, type Instance } from '@aws-sdk/client-ec2';
import { offerIdOf } from '../../../domain/scaling/offer-id.ts';
import type { ProviderVm } from '../../../ports/compute-provider.ts';
import { vmTags } from '../../../ports/contracts/vm-tags.ts';
import { readTags } from './tags.ts';
import { vmIdOf } from './vm-id.ts';

const states: Readonly<Record<string, ProviderVm['state']>> = {
  pending: 'pending',
  running: 'running',
  stopping: 'stopping',
  'shutting-down': 'stopping',
  stopped: 'stopped',
  terminated: 'terminated',
};

/**
 * Every machine in one data centre that carries the owner's and the region's tag.
 *
 * @throws what the client throws: an unknown fleet is never an empty one
 */
export async function listInstances(
  client: EC2Client,
  dataCentre: string,
  owner: string,
  region: string,
  options: { abortSignal?: AbortSignal; intentId?: string } = {},
): Promise<ProviderVm[]> {
  const { intentId, ...sending } = options;
  const Filters: Filter[] = [
    { Name: `tag:${vmTags.owner}`, Values: [owner] },
    { Name: `tag:${vmTags.region}`, Values: [region] },
    ...(intentId === undefined ? [] : [{ Name: `tag:${vmTags.intent}`, Values: [intentId] }]),
  ];
  const found: ProviderVm[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new DescribeInstancesCommand({ Filters, MaxResults: 1000, NextToken: nextToken }),
      sending,
    );
    for (const instance of (page.Reservations ?? []).flatMap((r) => r.Instances ?? [])) {
      const vm = toProviderVm(instance, dataCentre);
      if (vm !== null) found.push(vm);
    }
    nextToken = page.NextToken || undefined;
  } while (nextToken !== undefined);
  return found;
}

function toProviderVm(instance: Instance, dataCentre: string): ProviderVm | null {
  const tags = readTags(instance.Tags);
  const state = states[instance.State?.Name ?? ''];
  if (instance.InstanceId === undefined || state === undefined) return null;
  // What came, not what was asked for first: a fleet call may bring another type.
  const came = offerIdOf({
    type: { id: instance.InstanceType ?? '' },
    dataCentre,
    purchaseOption: instance.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
  });
  return {
    vmId: vmIdOf(instance.InstanceId, dataCentre),
    poolId: tags.get(vmTags.pool) ?? '',
    epoch: Number(tags.get(vmTags.epoch) ?? 0),
    intentId: tags.get(vmTags.intent) ?? '',
    offerId: instance.InstanceType === undefined ? (tags.get(vmTags.offer) ?? '') : came,
    state,
    ...(instance.Placement?.AvailabilityZone === undefined ? {} : { zone: instance.Placement.AvailabilityZone }),
    launchedAtMs: instance.LaunchTime?.getTime() ?? 0,
  };
}
