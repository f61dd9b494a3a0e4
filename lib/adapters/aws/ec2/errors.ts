import type { LaunchFailure } from '../../../ports/compute-provider.ts';

/**
 * EC2's error codes, classified once for everything that launches. A code that is not listed is `unknown`: the scaler then
 * holds what it has and asks again next slot.
 */
const codes: Readonly<Record<Exclude<LaunchFailure, 'unknown'>, readonly string[]>> = {
  // Nobody knows what came of the call.
  'no-answer': [
    'AbortError',
    'TimeoutError',
    'RequestTimeout',
    'RequestTimeoutException',
    'NetworkingError',
    'InternalError',
    'InternalFailure',
    'InternalServerError',
  ],
  'no-capacity': [
    'InsufficientInstanceCapacity',
    'InsufficientHostCapacity',
    'InsufficientReservedInstanceCapacity',
    'InsufficientFreeAddressesInSubnet',
    'InsufficientCapacityOnOutpost',
    'UnfulfillableCapacity',
    'SpotMaxPriceTooLow',
    // The zone does not offer the type: the same remedy, another zone.
    'Unsupported',
    'UnsupportedOperation',
  ],
  throttled: [
    'RequestLimitExceeded',
    'Throttling',
    'ThrottlingException',
    'RequestThrottled',
    'RequestThrottledException',
    'EC2ThrottledException',
    'TooManyRequestsException',
    'ServiceUnavailable',
    'Unavailable',
  ],
  quota: [
    'VcpuLimitExceeded',
    'InstanceLimitExceeded',
    'MaxSpotInstanceCountExceeded',
    'VolumeLimitExceeded',
    'AddressLimitExceeded',
    'NetworkInterfaceLimitExceeded',
    'FleetNotInModifiableState',
    'MaxSpotFleetRequestCountExceeded',
    'ReservationCapacityExceeded',
  ],
  'bad-image': [
    'InvalidAMIID.NotFound',
    'InvalidAMIID.Malformed',
    'InvalidAMIID.Unavailable',
    'InvalidSnapshot.NotFound',
    'InvalidBlockDeviceMapping',
    'InvalidLaunchTemplateId.NotFound',
    'InvalidLaunchTemplateName.NotFoundException',
    'InvalidLaunchTemplateId.VersionNotFound',
    'InvalidParameterValue',
    'InvalidParameterCombination',
    'ParameterNotFound',
  ],
  unauthorised: [
    'UnauthorizedOperation',
    'AuthFailure',
    'AccessDenied',
    'AccessDeniedException',
    'OptInRequired',
    'PendingVerification',
    'Blocked',
    'SubscriptionRequired',
    'AuthFailure.ServiceLinkedRoleCreationNotPermitted',
    'InvalidClientTokenId',
    'UnrecognizedClientException',
    'ExpiredToken',
  ],
};

const byCode = new Map(
  Object.entries(codes).flatMap(([failure, list]) => list.map((code) => [code, failure as LaunchFailure] as const)),
);

/** @param code the error's code as EC2 spells it, with or without the `Client.`/`Server.` prefix that CreateFleet adds */
export function classifyEc2Error(code: string): LaunchFailure {
  return byCode.get(code.replace(/^(Client|Server)\./, '')) ?? 'unknown';
}

/** Node's own codes for a connection that could not be made or broke. */
const connectionCode = /^(E[A-Z]{4,}|UND_ERR_[A-Z_]+)$/;

/** Classifies whatever a call of the SDK threw, and says it in words. */
export function readEc2Error(error: unknown): { failure: LaunchFailure; code: string; detail: string } {
  const { name, message, code } = error as Error & { code?: string };
  const known = classifyEc2Error(name);
  const broken = known === 'unknown' && code !== undefined && connectionCode.test(code);
  return { failure: broken ? 'no-answer' : known, code: name, detail: `${broken ? code : name}: ${message}` };
}
