import type { PlanResult } from '../../domain/planner/types.ts';
import { launchable } from '../../domain/scaling/limits.ts';
import { isSetAside } from '../../domain/scaling/set-aside.ts';
import { standInsFor } from '../../domain/scaling/stand-ins.ts';
import type { Offer } from '../../ports/compute-provider.ts';
import type { LaunchIntent } from '../../ports/state-store.ts';
import { allowed } from './launch-guards.ts';
import { classify, type LaunchEnd } from './launch-outcome.ts';
import { frozenSettings } from './outdated.ts';
import { type Pool, poolOffers } from './pools.ts';
import { launchRequestOf, noAnswer, registerLaunched } from './reconcile.ts';
import type { Run } from './run.ts';
import { startStopped } from './warm-start.ts';

export interface LaunchResult {
  /** What came, by the offer it came as; machines started from stopped included. */
  launched: { offer: string; vmIds: string[] }[];
  end: LaunchEnd;
}

/** Carries out a plan's growth: stopped machines are started before anything is launched, whatever the plan called it. */
export async function launchPlanned(run: Run, pool: Pool, plan: PlanResult): Promise<LaunchResult> {
  const wanted = new Map<string, number>();
  for (const { do: what, offer, count } of plan.actions) {
    if (what === 'launch' || what === 'start') wanted.set(offer, (wanted.get(offer) ?? 0) + count);
  }
  const launched: LaunchResult['launched'] = [];
  for (const [offerId, count] of wanted) {
    const { vmIds, end } = await startStopped(run, pool, offerId, count);
    if (vmIds.length > 0) launched.push({ offer: offerId, vmIds });
    wanted.set(offerId, count - vmIds.length);
    if (end !== 'complete') return { launched, end };
  }
  for (const [offerId, count] of wanted) {
    if (count === 0) continue;
    const came = await launchOffer(run, pool, offerId, count);
    launched.push(...came.launched);
    if (came.end !== 'complete') return { launched, end: came.end };
  }
  return { launched, end: 'complete' };
}

/**
 * Launches of one offer: an intent, then the call, then the rows, then the intent closed.
 *
 * @param options.warming for the warm pool: exactly this offer, and no work for what comes
 */
export async function launchOffer(
  run: Run,
  pool: Pool,
  offerId: string,
  wanted: number,
  options: { warming?: true } = {},
): Promise<LaunchResult> {
  const { deps, guard } = run;
  const nothing = (end: LaunchEnd): LaunchResult => ({ launched: [], end });
  const offer = run.offers.find((o) => o.id === offerId);
  if (offer === undefined) return nothing('stop');
  const count = allowed(run, pool, wanted, offer.priceUsdPerHour);
  if (count === 0) return nothing('stop');

  const others = options.warming ? [] : standIns(run, pool, offer, count);
  const intent: LaunchIntent = {
    intentId: deps.newId(),
    epoch: guard.epoch,
    poolId: pool.poolId,
    offerId,
    count,
    ...options,
    settings: frozenSettings(pool, offer.type),
    ...(others.length > 0 ? { standIns: others } : {}),
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
  const launched = await registerLaunched(run, request, outcome, () => run.nowMs, options);
  if (outcome.failure === noAnswer && outcome.vmIds.length === 0) {
    // Left open: the listing will tell what came of it (reconcile).
    guard.accepted(await deps.state.putIntent({ ...intent, error: noAnswer }));
  } else {
    const status = outcome.vmIds.length > 0 ? 'done' : 'failed';
    guard.accepted(await deps.state.putIntent({ ...intent, status, vmIds: outcome.vmIds, error: outcome.detail }));
  }
  const end = classify(run, pool, offer, outcome);
  return { launched, end: end === 'complete' && count < wanted ? 'stop' : end };
}

/** Only what keeps the caps even if all of it came, and what has the same N: all of a launch are told one. */
function standIns(run: Run, pool: Pool, offer: Offer, count: number): string[] {
  const counted = run.fleet.counted(run.deps.region, pool.groupId);
  const limitOf = ({ type }: Offer) => frozenSettings(pool, type).sharingLimit;
  const open = poolOffers(pool, run.offers).filter(
    (o) => !isSetAside(run.memory.setAside, o.id, run.nowMs) && limitOf(o) === limitOf(offer),
  );
  return standInsFor(offer, open)
    .filter(({ priceUsdPerHour }) => launchable(pool.group, counted, count, priceUsdPerHour) >= count)
    .map(({ id }) => id);
}
