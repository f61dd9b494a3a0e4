import { type _InstanceType, RunInstancesCommand } from '@aws-sdk/client-ec2';
import type { LaunchFailure, LaunchRequest } from '../../../ports/compute-provider.ts';
import { readEc2Error } from './errors.ts';
import { type LaunchContext, otherParameters, type ZonedOutcome } from './launch-context.ts';
import { launchTags } from './tags.ts';
import { vmIdOf } from './vm-id.ts';

/**
 * Where a single type is meant: zone by zone, each call for what is still missing. MinCount 1 takes what the zone has, which may be
 * less than asked. The first call's ClientToken is the intent's id, the next zones' derive from it: a repeated launch meets the same
 * tokens with the same counts and launches nothing twice.
 *
 * @throws what the client throws in the first zone; later failures are part of the outcome, as some machines are there already
 */
export async function runInstances(context: LaunchContext, request: LaunchRequest): Promise<ZonedOutcome> {
  const { offer } = request;
  const vmIds: string[] = [];
  const empty: ZonedOutcome['empty'] = [];
  const short: string[] = [];
  for (const [i, { zone, subnetId }] of context.zones.entries()) {
    const missing = request.count - vmIds.length;
    try {
      const answer = await context.client.send(
        new RunInstancesCommand({
          MinCount: 1,
          MaxCount: missing,
          ClientToken: i === 0 ? request.clientToken : `${request.clientToken}.${i}`,
          LaunchTemplate: { LaunchTemplateName: context.launchTemplateName(offer), Version: '$Default' },
          InstanceType: offer.type.id as _InstanceType,
          SubnetId: subnetId,
          TagSpecifications: (['instance', 'volume'] as const).map((ResourceType) => ({
            ResourceType,
            Tags: launchTags(context, request),
          })),
        }),
        { abortSignal: context.abortSignal },
      );
      const came = (answer.Instances ?? []).flatMap(({ InstanceId }) => InstanceId ?? []);
      vmIds.push(...came.map((id) => vmIdOf(id, offer.dataCentre)));
      if (vmIds.length >= request.count) return { vmIds, failure: null, detail: null, empty };
      empty.push({ offerId: offer.id, zone });
      short.push(`${zone} had ${came.length} of ${missing}`);
    } catch (error) {
      const { failure, code, detail } = readEc2Error(error);
      if (failure !== 'no-capacity') {
        // With a token used before, what that call launched is all there is to say.
        if (vmIds.length === 0 || code === otherParameters) throw error;
        return { vmIds, failure: failure satisfies LaunchFailure, detail, empty };
      }
      empty.push({ offerId: offer.id, zone });
      short.push(`${zone}: ${detail}`);
    }
  }
  return { vmIds, failure: 'no-capacity', detail: short.join('; '), noCapacity: [offer.id], empty };
}
