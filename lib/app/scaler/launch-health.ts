import { type Breaker, breakerState, closedBreaker, recordLaunch } from '../../domain/scaling/breaker.ts';
import { groupOfPool } from './fleet.ts';
import type { Run } from './run.ts';

function breakerKey(run: Run, poolId: string): string {
  return groupOfPool(run.deps.region, poolId)?.groupId ?? poolId;
}

export function breakerOf(run: Run, poolId: string): Breaker {
  return run.memory.breakers[breakerKey(run, poolId)] ?? closedBreaker;
}

/** Counts a launch that worked or failed for a reason of its own (image, registration), not for lack of capacity. */
export function noteLaunch(run: Run, poolId: string, worked: boolean): void {
  const { breakerCoolMs } = run.deps.options;
  const next = recordLaunch(breakerOf(run, poolId), worked, run.nowMs, breakerCoolMs);
  run.memory.breakers[breakerKey(run, poolId)] = next;
}

/** A machine that registers proves the image: whatever the breaker thought, it is over. */
export function closeBreakerOnReady(run: Run, poolId: string): void {
  if (breakerState(breakerOf(run, poolId), run.nowMs) !== 'closed') noteLaunch(run, poolId, true);
}

/** A launch that nobody answered: says nothing of the image, but nothing may be released after it. */
export function noteNoAnswer(run: Run, poolId: string): void {
  run.memory.breakers[breakerKey(run, poolId)] = { ...breakerOf(run, poolId), lastFailureMs: run.nowMs };
}

/** Launches failed so recently that nothing may be released (a region outage looks like no capacity). */
export function launchesFailing(run: Run, poolId: string): boolean {
  const breaker = breakerOf(run, poolId);
  return (
    breakerState(breaker, run.nowMs) !== 'closed' ||
    run.nowMs < run.memory.throttledUntilMs ||
    (breaker.lastFailureMs > 0 && run.nowMs - breaker.lastFailureMs < run.deps.options.slotMs)
  );
}
