import {
  type _InstanceType,
  CreateFleetCommand,
  type CreateFleetCommandOutput,
  CreateTagsCommand,
  type FleetLaunchTemplateConfigRequest,
} from '@aws-sdk/client-ec2';
import { priceIn } from '../../../domain/pricing/zone-prices.ts';
import type { LaunchRequest, Offer } from '../../../ports/compute-provider.ts';
import { classifyEc2Error } from './errors.ts';
import { emptyEverywhere, gravity, type LaunchContext, type ZonedOutcome } from './launch-context.ts';
import { launchTags, retags } from './tags.ts';
import { vmIdOf } from './vm-id.ts';

/**
 * One CreateFleet of type `instant` over several types and zones: EC2 itself tries them in our order, answers at once with what came
 * and says for each (type, zone) why something did not. ClientToken is the intent's id, so that asking twice launches once.
 *
 * @throws what the client throws
 */
export async function createFleet(context: LaunchContext, request: LaunchRequest): Promise<ZonedOutcome> {
  const { offer } = request;
  const offers = [offer, ...(request.standIns ?? [])];
  const answer = await context.client.send(
    new CreateFleetCommand({
      Type: 'instant',
      ClientToken: request.clientToken,
      LaunchTemplateConfigs: templatesOf(context, offers),
      TargetCapacitySpecification: {
        TotalTargetCapacity: request.count,
        DefaultTargetCapacityType: offer.purchaseOption,
      },
      ...(offer.purchaseOption === 'spot'
        ? { SpotOptions: { AllocationStrategy: 'price-capacity-optimized' as const } }
        : { OnDemandOptions: { AllocationStrategy: 'prioritized' as const } }),
      TagSpecifications: (['instance', 'volume', 'fleet'] as const).map((ResourceType) => ({
        ResourceType,
        Tags: launchTags(context, request),
      })),
    }),
    { abortSignal: context.abortSignal },
  );
  const outcome = outcomeOf(answer, context, request, offers);
  const failed = await retag(context, offers, outcome.cameAs ?? {});
  return failed === null ? outcome : { ...outcome, detail: [outcome.detail, failed].filter(Boolean).join('; ') };
}

/**
 * A launch template is of one architecture, so there is a configuration per template; the order of the offers is their priority, that of
 * an offer's zones their price. Among spot zones EC2 weighs capacity and the price of the moment itself, and is told neither priorities,
 * which that strategy has no use for, nor a highest price, above which it would interrupt what runs.
 */
function templatesOf(context: LaunchContext, offers: readonly Offer[]): FleetLaunchTemplateConfigRequest[] {
  const names = new Set(offers.map(context.launchTemplateName));
  return [...names].flatMap((LaunchTemplateName) => {
    const Overrides = offers.flatMap((offer, Priority) =>
      context.launchTemplateName(offer) !== LaunchTemplateName
        ? []
        : context.zones
            .filter(({ zone }) => context.isOpen(offer.id, zone))
            .sort((a, b) => priceIn(offer, a.zone) - priceIn(offer, b.zone))
            .map(({ subnetId }) => ({
              InstanceType: offer.type.id as _InstanceType,
              SubnetId: subnetId,
              ...(offer.purchaseOption === 'on-demand' ? { Priority } : {}),
            })),
    );
    const template = { LaunchTemplateSpecification: { LaunchTemplateName, Version: '$Default' }, Overrides };
    return Overrides.length === 0 ? [] : [template];
  });
}

function outcomeOf(
  answer: CreateFleetCommandOutput,
  context: LaunchContext,
  request: LaunchRequest,
  offers: readonly Offer[],
): ZonedOutcome {
  const { dataCentre } = request.offer;
  const offerOf = (typeId: string | undefined) => offers.find((offer) => offer.type.id === typeId);
  const came = (answer.Instances ?? []).flatMap((group) =>
    (group.InstanceIds ?? []).map((id) => ({ vmId: vmIdOf(id, dataCentre), offer: offerOf(group.InstanceType) })),
  );
  const errors = (answer.Errors ?? []).map((error) => ({
    failure: classifyEc2Error(error.ErrorCode ?? ''),
    text: `${error.ErrorCode ?? 'unknown error'}: ${error.ErrorMessage ?? ''}`,
    zone: context.zones.find((z) => z.subnetId === error.LaunchTemplateAndOverrides?.Overrides?.SubnetId)?.zone,
    offer: offerOf(error.LaunchTemplateAndOverrides?.Overrides?.InstanceType) ?? request.offer,
  }));
  const empty = errors.flatMap(({ failure, zone, offer }) =>
    failure === 'no-capacity' && zone !== undefined ? [{ offerId: offer.id, zone }] : [],
  );
  const others = came.filter((vm) => vm.offer !== undefined && vm.offer.id !== request.offer.id);
  const base = {
    vmIds: came.map((vm) => vm.vmId),
    cameAs: Object.fromEntries(others.map((vm) => [vm.vmId, vm.offer!.id])),
    noCapacity: emptyEverywhere(offers, context, empty),
    empty,
  };
  if (came.length >= request.count) return { ...base, failure: null, detail: null };
  const failure = gravity.find((f) => errors.some((error) => error.failure === f)) ?? 'no-capacity';
  const texts = [...new Set(errors.map((error) => error.text))].join('; ');
  return { ...base, failure, detail: texts || `${came.length} of ${request.count} came, EC2 gave no reason` };
}

/**
 * The tags on create are those of the first offer; the agent of a machine that came as another reads its own from the metadata service,
 * long after this. Null: done.
 */
async function retag(
  { client, abortSignal }: LaunchContext,
  offers: readonly Offer[],
  cameAs: Readonly<Record<string, string>>,
): Promise<string | null> {
  try {
    for (const offer of offers) {
      const Resources = Object.keys(cameAs)
        .filter((vmId) => cameAs[vmId] === offer.id)
        .map((vmId) => vmId.slice(0, vmId.length - offer.dataCentre.length - 1));
      if (Resources.length > 0)
        await client.send(new CreateTagsCommand({ Resources, Tags: retags(offer) }), { abortSignal });
    }
    return null;
  } catch (error) {
    return `tags of another type not set: ${String(error)}`;
  }
}
