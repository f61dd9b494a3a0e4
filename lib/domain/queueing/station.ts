import type { VmGroup } from './types.ts';

/** A group of identical VMs in the terms the formulas use. */
export interface Station {
  /** μ_core: requests per second one core completes. */
  coreRatePerS: number;
  /** m = min(cores, sharingLimit): cores that can be busy at once. */
  servers: number;
  /** N. */
  sharingLimit: number;
  /** m μ_core: the most requests per second the VM completes. */
  capacityPerS: number;
  networkS: number;
  count: number;
}

/** Translates a group of the wire format; a task uses one core, so that `n` tasks are served by min(n, c, N) cores. */
export function stationOf(group: VmGroup): Station {
  const coreRatePerS = group.serviceRatePerS / group.cores;
  const servers = Math.min(group.cores, group.sharingLimit);
  return {
    coreRatePerS,
    servers,
    sharingLimit: group.sharingLimit,
    capacityPerS: servers * coreRatePerS,
    networkS: group.networkS,
    count: group.count,
  };
}

/** Σ m μ_core over all VMs: the arrival rate below which some dispatcher keeps the pool stable. */
export const capacityOf = (stations: readonly Station[]): number =>
  stations.reduce((sum, s) => sum + s.count * s.capacityPerS, 0);

export const vmCountOf = (stations: readonly Station[]): number => stations.reduce((sum, s) => sum + s.count, 0);
