import type { ScalerFault } from '../../ports/contracts/slot-record.ts';
import type { PoolMemory } from './memory.ts';
import type { Run } from './run.ts';

/** What happened to a pool and stands in no record yet: looks between slots that change nothing write none. */
export interface Untold {
  terminated: string[];
  faults: ScalerFault[];
}

const mostKept = 50;

/** Everything since the last record, this run's included; the record that is written next tells it. */
export function takeUntold(run: Run, poolId: string, memory: PoolMemory): Untold {
  const { terminated, faults } = merged(run, poolId, memory);
  delete memory.untold;
  return { terminated, faults: [...(run.faults.get('') ?? []), ...faults] };
}

/** Keeps this run's for the next record. A fault that comes back at every look is kept once. */
export function keepUntold(run: Run, poolId: string, memory: PoolMemory): void {
  const { terminated, faults } = merged(run, poolId, memory);
  if (terminated.length + faults.length > 0)
    memory.untold = { terminated: terminated.slice(-mostKept), faults: faults.slice(-mostKept) };
}

function merged(run: Run, poolId: string, { untold }: PoolMemory): Untold {
  const faults = [...(untold?.faults ?? []), ...(run.faults.get(poolId) ?? [])];
  const first = (fault: ScalerFault, i: number) =>
    faults.findIndex((other) => other.kind === fault.kind && other.detail === fault.detail) === i;
  return {
    terminated: [...new Set([...(untold?.terminated ?? []), ...(run.terminated.get(poolId) ?? [])])],
    faults: faults.filter(first),
  };
}
