/** Counters of one app on one VM since its boot. */
export interface DemandReport {
  runs: number;
  cpuS: number;
  prepCpuS: number;
}

/** The manifest's figure counts as this many runs. */
const priorRuns = 5;

/**
 * Service demand of an app in CPU seconds on the reference core: the mean of everything the VMs report, sandbox preparation
 * included, starting from the manifest's prior.
 */
export function learnedDemandS(priorS: number, reports: readonly DemandReport[]): number {
  let runs = priorRuns;
  let cpuS = priorRuns * priorS;
  for (const report of reports) {
    runs += report.runs;
    cpuS += report.cpuS + report.prepCpuS;
  }
  return cpuS / runs;
}

/** N of a VM: the group's own, else 4 per core bounded by memory; at least 1. */
export function sharingLimitOf(
  configured: number | null,
  vm: { cores: number; memoryMiB: number },
  appMemoryMiB: number,
): number {
  if (configured !== null) return configured;
  return Math.max(1, Math.min(Math.floor(4 * vm.cores), Math.floor(vm.memoryMiB / appMemoryMiB)));
}
