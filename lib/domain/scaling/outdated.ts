import { matchesPattern } from './offer-id.ts';

/** What a machine was rented as; fixed when it is launched. */
export interface RentedAs {
  type: { id: string; memoryMiB: number };
  purchaseOption: 'on-demand' | 'spot';
  sharingLimit: number;
  queueLimit: number;
  /** Absent in rows of earlier versions: not judged. */
  exact?: boolean;
}

/** What its group would launch today. */
export interface LaunchSettings {
  instanceTypes: readonly string[];
  purchaseOptions: readonly string[];
  /** N for a machine of this very type. */
  sharingLimit: number;
  queueLimit: number;
  exact: boolean;
  /** Memory that one task may use. */
  appMemoryMiB: number;
}

/** In what a machine differs from those that its group would launch today, in words; empty: in nothing. */
export function outdatedIn(vm: RentedAs, now: LaunchSettings): string[] {
  const differs: string[] = [];
  const { instanceTypes, purchaseOptions } = now;
  if (!matchesPattern(instanceTypes, vm.type.id)) differs.push(`${vm.type.id}, now ${instanceTypes.join(', ')}`);
  if (!purchaseOptions.includes(vm.purchaseOption))
    differs.push(`${vm.purchaseOption}, now ${purchaseOptions.join(', ')}`);
  if (vm.type.memoryMiB < now.appMemoryMiB)
    differs.push(`${vm.type.memoryMiB} MiB, now ${now.appMemoryMiB} MiB a task`);
  if (vm.sharingLimit !== now.sharingLimit) differs.push(`sharing limit ${vm.sharingLimit}, now ${now.sharingLimit}`);
  if (vm.queueLimit !== now.queueLimit) differs.push(`queue limit ${vm.queueLimit}, now ${now.queueLimit}`);
  if (vm.exact !== undefined && vm.exact !== now.exact)
    differs.push(`reports of dispatch ${modeName(vm.exact)}, now ${modeName(now.exact)}`);
  return differs;
}

const modeName = (exact: boolean): string => (exact ? 'by true occupancy' : 'without it');

/** A machine under older settings that still serves. */
export interface OutdatedVm {
  vmId: string;
  offerId: string;
  /** Requests per second of the whole machine. */
  serviceRatePerS: number;
  priceUsdPerHour: number;
}

/** A group of equal machines: how many, and the rate of each. */
export interface Capacity {
  count: number;
  serviceRatePerS: number;
}

/**
 * Which outdated machines may go: as many, the dearest first, as leave the ready successors and the rest together with no less rate
 * and no fewer machines than the planned fleet.
 *
 * @param planned the fleet under today's settings that keeps the promise by itself
 * @param successors ready machines under today's settings
 */
export function releasable(
  outdated: readonly OutdatedVm[],
  successors: readonly Capacity[],
  planned: readonly Capacity[],
): OutdatedVm[] {
  const needed = total(planned);
  const there = total([...successors, ...outdated.map(({ serviceRatePerS }) => ({ count: 1, serviceRatePerS }))]);
  const released: OutdatedVm[] = [];
  for (const vm of [...outdated].sort((a, b) => b.priceUsdPerHour - a.priceUsdPerHour)) {
    const rateAfter = there.ratePerS - vm.serviceRatePerS;
    // Sums of floating-point rates: a rounding error keeps no machine.
    if (there.count - 1 < needed.count || rateAfter < needed.ratePerS * (1 - 1e-9)) continue;
    there.count -= 1;
    there.ratePerS = rateAfter;
    released.push(vm);
  }
  return released;
}

function total(groups: readonly Capacity[]): { count: number; ratePerS: number } {
  return {
    count: groups.reduce((sum, group) => sum + group.count, 0),
    ratePerS: groups.reduce((sum, group) => sum + group.count * group.serviceRatePerS, 0),
  };
}
