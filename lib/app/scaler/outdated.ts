import { outdatedIn } from '../../domain/scaling/outdated.ts';
import { sharingLimitOf } from '../../domain/scaling/sharing-limit.ts';
import type { VmRecord, VmType } from '../../ports/vm.ts';
import type { PoolMemory } from './memory.ts';
import { type Pool, poolsOf } from './pools.ts';
import type { Run } from './run.ts';

/** What is told to a machine when it is launched, and is then fixed. */
export function frozenSettings(pool: Pool, type: VmType): { sharingLimit: number; queueLimit: number; exact: boolean } {
  const { group, appMemoryMiB } = pool;
  return {
    sharingLimit: sharingLimitOf(type, appMemoryMiB, group.sharingLimit),
    queueLimit: group.queueLimit,
    exact: group.dispatch.mode === 'exact',
  };
}

/** In what a machine differs from what its group would launch today; empty: in nothing. */
export function outdated(pool: Pool, vm: VmRecord): string[] {
  const { instanceTypes, purchaseOptions } = pool.group;
  const { appMemoryMiB } = pool;
  return outdatedIn(vm, { instanceTypes, purchaseOptions, appMemoryMiB, ...frozenSettings(pool, vm.type) });
}

/** The same for a machine whose pool is not at hand; false where its pool is gone. */
export function isOutdated(run: Pick<Run, 'deps' | 'config'>, vm: VmRecord): boolean {
  const pool = poolsOf(run.deps.region, run.config, [vm.poolId]).get(vm.poolId);
  return pool !== undefined && outdated(pool, vm).length > 0;
}

/** Serving machines of a pool, those under today's settings apart from the others. */
export function byAge(run: Pick<Run, 'fleet'>, pool: Pool): { current: VmRecord[]; old: VmRecord[] } {
  const [current, old]: [VmRecord[], VmRecord[]] = [[], []];
  for (const vm of run.fleet.serving(pool.poolId)) (outdated(pool, vm).length > 0 ? old : current).push(vm);
  return { current, old };
}

/**
 * Whether machines are to be replaced in this run, and how large the fleet was meant to be when that began. Not at first sight: on
 * AWS the runs share no memory, and one whose copy of the configuration is a minute old would undo what another has just done.
 */
export function replacementOf(run: Run, pool: Pool, memory: PoolMemory): { vms: number } | null {
  if (byAge(run, pool).old.length === 0) {
    delete memory.replacing;
    return null;
  }
  memory.replacing ??= { sinceMs: run.nowMs, vms: run.fleet.serving(pool.poolId).length };
  return run.nowMs - memory.replacing.sinceMs >= run.deps.options.confirmMs ? { vms: memory.replacing.vms } : null;
}
