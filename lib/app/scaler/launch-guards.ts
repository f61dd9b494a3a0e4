import { breakerState } from '../../domain/scaling/breaker.ts';
import { launchable } from '../../domain/scaling/limits.ts';
import { breakerOf } from './launch-health.ts';
import type { Pool } from './pools.ts';
import { addFault, type Run } from './run.ts';

/** The absolute guards: circuit breaker, throttling, caps over everything that costs money. */
export function allowed(run: Run, pool: Pool, wanted: number, priceUsdPerHour: number): number {
  if (run.nowMs < run.memory.throttledUntilMs) return 0;
  const breaker = breakerState(breakerOf(run, pool.poolId), run.nowMs);
  if (breaker === 'open') {
    addFault(
      run,
      pool.poolId,
      'circuit-open',
      `launches of group ${pool.groupId} are stopped: half of the last four failed`,
    );
    return 0;
  }
  const fits = launchable(pool.group, run.fleet.counted(run.deps.region, pool.groupId), wanted, priceUsdPerHour);
  if (fits < wanted) {
    const { maxVms, maxUsdPerHour } = pool.group;
    const caps = `maxVms ${maxVms}, maxUsdPerHour ${maxUsdPerHour}`;
    addFault(
      run,
      pool.poolId,
      'capped',
      `${wanted} VMs wanted, ${fits} fit under the caps of ${pool.groupId} (${caps})`,
    );
  }
  return breaker === 'half-open' ? Math.min(1, fits) : fits;
}
