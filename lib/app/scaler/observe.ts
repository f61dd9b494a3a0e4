import { type ArrivalWindow, advanceArrivals, lateFlushMs } from '../../domain/scaling/arrivals.ts';
import { learnDemand, poolDemandS } from '../../domain/scaling/demand.ts';
import type { PoolMemory } from './memory.ts';
import type { Pool } from './pools.ts';
import type { Run } from './run.ts';

export interface Observation {
  window: ArrivalWindow;
  demandS: number;
  running: number;
  waiting: number;
  /** Σ N over ready VMs. */
  places: number;
}

/** Reads the pool's counters since the last look of the same kind; advances the cursor in `memory`. */
export async function observe(
  run: Run,
  pool: Pool,
  memory: PoolMemory,
  cursor: 'slotCursor' | 'burstCursor',
): Promise<Observation> {
  const from = Math.max(0, memory[cursor].atMs - lateFlushMs - 60_000);
  const rows = await run.deps.state.listArrivals(pool.poolId, from, run.nowMs + 60_000);
  const advanced = advanceArrivals(memory[cursor], rows, run.nowMs);
  memory[cursor] = advanced.cursor;
  const beats = run.fleet.poolHeartbeats(pool.poolId);
  memory.demand = learnDemand(
    memory.demand,
    beats.map((beat) => ({ vmId: beat.vmId, bootNonce: beat.bootNonce, byApp: beat.demandByApp })),
  );
  const ready = run.fleet.serving(pool.poolId).filter((vm) => vm.state === 'ready');
  return {
    window: advanced.window,
    demandS: poolDemandS(memory.demand, pool.demandPriorS),
    running: beats.reduce((sum, beat) => sum + beat.running, 0),
    waiting: beats.reduce((sum, beat) => sum + beat.waiting, 0),
    places: ready.reduce((sum, vm) => sum + vm.sharingLimit, 0),
  };
}
