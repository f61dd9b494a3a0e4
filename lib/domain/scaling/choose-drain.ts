/** A serving VM as a candidate for release. */
export interface DrainCandidate {
  vmId: string;
  offerId: string;
  state: 'starting' | 'ready';
  /** Tasks it holds; null when it never reported. */
  tasks: number | null;
  launchedAtMs: number;
  /** Rented under older settings of its group; goes before any other. */
  outdated?: boolean;
}

/** Seconds until the hour that is already paid ends (hourly billing). */
export function remainingRentalS(launchedAtMs: number, nowMs: number): number {
  const into = ((nowMs - launchedAtMs) / 1000) % 3600;
  return into < 0 ? 3600 : 3600 - into;
}

/**
 * Which VMs of an offer to release: under hourly billing the shortest remaining rental time first (OaaS paper, scale-down);
 * under per-second billing the emptiest first, since it stops costing soonest.
 */
export function chooseDrains(
  candidates: readonly DrainCandidate[],
  offerId: string,
  count: number,
  billing: 'per-second' | 'hourly',
  nowMs: number,
): string[] {
  const key = (vm: DrainCandidate): number =>
    billing === 'hourly' ? remainingRentalS(vm.launchedAtMs, nowMs) : vm.state === 'starting' ? -1 : (vm.tasks ?? 0);
  return candidates
    .filter((vm) => vm.offerId === offerId)
    .map((vm) => ({ vm, key: key(vm) }))
    .sort(
      (a, b) =>
        Number(b.vm.outdated ?? false) - Number(a.vm.outdated ?? false) ||
        a.key - b.key ||
        a.vm.launchedAtMs - b.vm.launchedAtMs ||
        (a.vm.vmId < b.vm.vmId ? -1 : 1),
    )
    .slice(0, count)
    .map(({ vm }) => vm.vmId);
}
