import {
  type _InstanceType,
  CreateFleetCommand,
  type CreateFleetCommandOutput,
  type EC2Client,
  type FleetLaunchTemplateOverridesRequest,
} from '@aws-sdk/client-ec2';
import type { LaunchFailure, LaunchOutcome, LaunchRequest } from '../../../ports/compute-provider.ts';
import { classifyEc2Error } from './errors.ts';
import { launchTags } from './tags.ts';
import { vmIdOf } from './vm-id.ts';
import type { Zone } from './zones.ts';

export interface LaunchContext {
  client: EC2Client;
  owner: string;
  /** Home region of the geography. */
  region: string;
  /** URL of the home region's endpoint, for the machine's agent. */
  endpoint: string | undefined;
  launchTemplateName: string;
  /** Zones to try, those set aside already left out. */
  zones: readonly Zone[];
}

export interface FleetOutcome extends LaunchOutcome {
  /** Zones that had no capacity for the type. */
  emptyZones: string[];
}

/**
 * One CreateFleet of type `instant`: EC2 itself tries the zones, answers at once with what came and says for each zone
 * why something did not. ClientToken is the intent's id, so that asking twice launches once.
 */
export async function launchFleet(context: LaunchContext, request: LaunchRequest): Promise<FleetOutcome> {
  const { offer } = request;
  const spot = offer.purchaseOption === 'spot';
  const overrides: FleetLaunchTemplateOverridesRequest[] = context.zones.map(({ subnetId }) => ({
    InstanceType: offer.type.id as _InstanceType,
    SubnetId: subnetId,
  }));
  try {
    const answer = await context.client.send(
      new CreateFleetCommand({
        Type: 'instant',
        ClientToken: request.clientToken,
        LaunchTemplateConfigs: [
          {
            LaunchTemplateSpecification: { LaunchTemplateName: context.launchTemplateName, Version: '$Default' },
            Overrides: overrides,
          },
        ],
        TargetCapacitySpecification: {
          TotalTargetCapacity: request.count,
          DefaultTargetCapacityType: offer.purchaseOption,
        },
        ...(spot
          ? { SpotOptions: { AllocationStrategy: 'price-capacity-optimized' as const } }
          : { OnDemandOptions: { AllocationStrategy: 'lowest-price' as const } }),
        TagSpecifications: (['instance', 'volume', 'fleet'] as const).map((ResourceType) => ({
          ResourceType,
          Tags: launchTags(context, request),
        })),
      }),
    );
    return outcomeOf(answer, context, request);
  } catch (error) {
    const code = (error as Error).name;
    return {
      vmIds: [],
      failure: classifyEc2Error(code),
      detail: `${code}: ${(error as Error).message}`,
      emptyZones: [],
    };
  }
}

function outcomeOf(answer: CreateFleetCommandOutput, context: LaunchContext, request: LaunchRequest): FleetOutcome {
  const vmIds = (answer.Instances ?? [])
    .flatMap((group) => group.InstanceIds ?? [])
    .map((instanceId) => vmIdOf(instanceId, request.offer.dataCentre));
  const errors = (answer.Errors ?? []).map((error) => ({
    failure: classifyEc2Error(error.ErrorCode ?? ''),
    text: `${error.ErrorCode ?? 'unknown error'}: ${error.ErrorMessage ?? ''}`,
    subnetId: error.LaunchTemplateAndOverrides?.Overrides?.SubnetId,
  }));
  const emptySubnets = new Set(errors.filter((e) => e.failure === 'no-capacity').map((e) => e.subnetId));
  const emptyZones = context.zones.filter((zone) => emptySubnets.has(zone.subnetId)).map((zone) => zone.zone);
  if (vmIds.length >= request.count) return { vmIds, failure: null, detail: null, emptyZones };
  // Short: the gravest error decides, because trying elsewhere helps against no capacity only.
  const gravest = gravity.find((failure) => errors.some((error) => error.failure === failure)) ?? 'no-capacity';
  return {
    vmIds,
    failure: gravest,
    detail:
      errors.map((error) => error.text).join('; ') || `${vmIds.length} of ${request.count} came, EC2 gave no reason`,
    emptyZones,
  };
}

const gravity: readonly LaunchFailure[] = ['unauthorised', 'bad-image', 'quota', 'throttled', 'unknown', 'no-capacity'];
