import type { PlanResult } from '../../domain/planner/types.ts';
import { breakerState } from '../../domain/scaling/breaker.ts';
import { launchable } from '../../domain/scaling/limits.ts';
import { clearSetAside, setAside } from '../../domain/scaling/set-aside.ts';
import type { LaunchIntent } from '../../ports/state-store.ts';
import { breakerOf, noteLaunch } from './launch-health.ts';
import type { Pool } from './pools.ts';
import { launchRequestOf } from './reconcile.ts';
import { addFault, type Run } from './run.ts';

/** `replan`: an offer is out, ask the planner for the next best; `stop`: nothing more in this run. */
type LaunchEnd = 'complete' | 'replan' | 'stop';

export interface LaunchResult {
  launched: { offer: string; vmIds: string[] }[];
  end: LaunchEnd;
}

/** Carries out a plan's launches: per offer an intent, then the call, then the rows, then the intent closed. */
export async function launchPlanned(run: Run, pool: Pool, plan: PlanResult): Promise<LaunchResult> {
  const launched: LaunchResult['launched'] = [];
  for (const action of plan.actions) {
    if (action.do !== 'launch' && action.do !== 'start') continue;
    const { vmIds, end } = await launchOffer(run, pool, action.offer, action.count);
    if (vmIds.length > 0) launched.push({ offer: action.offer, vmIds });
    if (end !== 'complete') return { launched, end };
  }
  return { launched, end: 'complete' };
}

async function launchOffer(
  run: Run,
  pool: Pool,
  offerId: string,
  wanted: number,
): Promise<{ vmIds: string[]; end: LaunchEnd }> {
  const { deps, guard } = run;
  const nothing = (end: LaunchEnd) => ({ vmIds: [], end });
  const offer = run.offers.find((o) => o.id === offerId);
  if (offer === undefined) return nothing('stop');
  const count = allowed(run, pool, wanted, offer.priceUsdPerHour);
  if (count === 0) return nothing('stop');

  const intent: LaunchIntent = {
    intentId: deps.newId(),
    epoch: guard.epoch,
    poolId: pool.poolId,
    offerId,
    count,
    createdAtMs: run.nowMs,
    status: 'open',
    vmIds: [],
    error: null,
  };
  const request = launchRequestOf(run, intent, pool);
  if (request === null) return nothing('stop');
  guard.accepted(await deps.state.putIntent(intent));
  guard.check();
  const outcome = await deps.provider.launch(request);
  for (const vmId of outcome.vmIds) await run.fleet.register(vmId, request, run.nowMs);
  const { vmIds } = outcome;
  const status = vmIds.length > 0 ? 'done' : 'failed';
  guard.accepted(await deps.state.putIntent({ ...intent, status, vmIds, error: outcome.detail }));
  const end = classify(run, pool, offerId, outcome.failure, outcome.detail, vmIds.length);
  return { vmIds, end: end === 'complete' && count < wanted ? 'stop' : end };
}

/** The absolute guards: circuit breaker, throttling, caps over everything that costs money. */
function allowed(run: Run, pool: Pool, wanted: number, priceUsdPerHour: number): number {
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

function classify(
  run: Run,
  pool: Pool,
  offerId: string,
  failure: string | null,
  detail: string | null,
  got: number,
): LaunchEnd {
  const { memory, nowMs } = run;
  const { options } = run.deps;
  const because = detail === null ? '' : `: ${detail}`;
  if (failure === null) {
    memory.setAside = clearSetAside(memory.setAside, offerId);
    noteLaunch(run, pool.poolId, true);
    return 'complete';
  }
  switch (failure) {
    case 'no-capacity':
    case 'quota':
      // Not counted by the breaker: the next offer may well work.
      memory.setAside = setAside(memory.setAside, offerId, nowMs, options.setAsideMs);
      addFault(run, pool.poolId, 'set-aside', `${offerId}: ${failure} (${got} launched), set aside${because}`);
      return 'replan';
    case 'throttled':
      memory.throttledUntilMs = nowMs + options.throttleBackoffMs;
      addFault(run, pool.poolId, 'throttled', `launches wait ${options.throttleBackoffMs / 1000} s${because}`);
      return 'stop';
    default:
      noteLaunch(run, pool.poolId, false);
      addFault(run, pool.poolId, 'launch-failed', `${offerId}: ${failure}${because}`);
      return 'stop';
  }
}
