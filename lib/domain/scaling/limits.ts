/** What a group may never exceed, whatever the plan says. */
export interface GroupCaps {
  maxVms: number;
  maxUsdPerHour: number;
}

/** A VM that costs money now: pending, running or draining alike (facts: uncounted booting machines overshoot a cap). */
export interface CountedVm {
  poolId: string;
  priceUsdPerHour: number;
  /** Draining VMs count against the caps but not towards the fleet. */
  serving: boolean;
}

/** The limits left to one pool's serving fleet, beside what the group's other pools and draining VMs use. */
export function poolLimits(
  caps: GroupCaps,
  groupVms: readonly CountedVm[],
  poolId: string,
): { maxVms: number; maxUsdPerHour: number } {
  const others = groupVms.filter((vm) => vm.poolId !== poolId || !vm.serving);
  return {
    maxVms: Math.max(0, caps.maxVms - others.length),
    maxUsdPerHour: Math.max(0, caps.maxUsdPerHour - others.reduce((sum, vm) => sum + vm.priceUsdPerHour, 0)),
  };
}

/** How many of `count` machines at a price still fit under the caps; the last guard in front of every launch. */
export function launchable(
  caps: GroupCaps,
  groupVms: readonly CountedVm[],
  count: number,
  priceUsdPerHour: number,
): number {
  const rent = groupVms.reduce((sum, vm) => sum + vm.priceUsdPerHour, 0);
  const byMoney = Math.floor((caps.maxUsdPerHour - rent) / Math.max(priceUsdPerHour, 1e-9) + 1e-9);
  return Math.max(0, Math.min(count, caps.maxVms - groupVms.length, byMoney));
}
