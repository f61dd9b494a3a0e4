import type { Offer } from '../../ports/compute-provider.ts';
import type { ScalerFault } from '../../ports/contracts/slot-record.ts';
import type { RegionConfig, ScalerDeps } from './deps.ts';
import type { Fleet } from './fleet.ts';
import type { LeaseGuard } from './lease-guard.ts';
import type { RegionMemory } from './memory.ts';

/** What all steps of one run share. */
export interface Run {
  deps: ScalerDeps;
  guard: LeaseGuard;
  nowMs: number;
  config: RegionConfig;
  offers: readonly Offer[];
  fleet: Fleet;
  memory: RegionMemory;
  /** Faults by pool id; region-wide ones under ''. */
  faults: Map<string, ScalerFault[]>;
  /** Data centres that did not answer: their machines are held as they are, and nothing is launched there in this run. */
  unknown: Set<string>;
  /** Machines released in this run, by pool. */
  terminated: Map<string, string[]>;
}

export function addFault(run: Run, poolId: string, kind: ScalerFault['kind'], detail: string): void {
  run.faults.set(poolId, [...(run.faults.get(poolId) ?? []), { kind, detail }]);
  run.deps.log.warn(`scaler: ${detail}`, { region: run.deps.region, poolId, kind });
}
