import { clearSetAside, setAside } from '../../domain/scaling/set-aside.ts';
import type { LaunchOutcome, Offer } from '../../ports/compute-provider.ts';
import { noteLaunch, noteNoAnswer } from './launch-health.ts';
import type { Pool } from './pools.ts';
import { addFault, type Run } from './run.ts';

/** `replan`: what came is not what was planned, or an offer is out: ask the planner again; `stop`: nothing more in this run. */
export type LaunchEnd = 'complete' | 'replan' | 'stop';

/** What follows from a launch's outcome for this run and the next ones. */
export function classify(run: Run, pool: Pool, offer: Offer, outcome: LaunchOutcome): LaunchEnd {
  const { memory, nowMs } = run;
  const { options } = run.deps;
  const { failure, detail } = outcome;
  const because = detail === null ? '' : `: ${detail}`;
  const got = outcome.vmIds.length;
  for (const id of outcome.noCapacity ?? []) memory.setAside = setAside(memory.setAside, id, nowMs, options.setAsideMs);
  const others = Object.keys(outcome.cameAs ?? {}).length;
  if (failure === null) {
    if (!outcome.noCapacity?.includes(offer.id)) memory.setAside = clearSetAside(memory.setAside, offer.id);
    noteLaunch(run, pool.poolId, true);
    return others > 0 ? 'replan' : 'complete';
  }
  switch (failure) {
    case 'no-capacity':
    case 'quota':
      // Not counted by the breaker: the next offer may well work.
      if (!outcome.noCapacity?.includes(offer.id))
        memory.setAside = setAside(memory.setAside, offer.id, nowMs, options.setAsideMs);
      addFault(run, pool.poolId, 'set-aside', `${offer.id}: ${failure} (${got} launched), set aside${because}`);
      return 'replan';
    case 'throttled':
      memory.throttledUntilMs = nowMs + options.throttleBackoffMs;
      addFault(run, pool.poolId, 'throttled', `launches wait ${options.throttleBackoffMs / 1000} s${because}`);
      return 'stop';
    case 'no-answer':
      // Not counted by the breaker either: the image may be fine, and the group's other data centres are.
      noteNoAnswer(run, pool.poolId);
      run.unknown.add(offer.dataCentre);
      addFault(run, pool.poolId, 'provider-unknown', `${offer.dataCentre} does not answer, planned around${because}`);
      return 'replan';
    default:
      noteLaunch(run, pool.poolId, false);
      addFault(run, pool.poolId, 'launch-failed', `${offer.id}: ${failure}${because}`);
      return 'stop';
  }
}
