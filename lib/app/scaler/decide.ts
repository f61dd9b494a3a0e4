import type { PlanProblem, PlanResult } from '../../domain/planner/types.ts';
import { thresholdScaling } from '../../domain/scaling/threshold.ts';
import type { Pool } from './pools.ts';

/** Below this rate a pool counts as idle; the planner still wants a positive one for the least fleet. */
const idleRatePerS = 0.01;

/** What a decision goes by beside the planner's problem. */
export interface Seen {
  /** Since the last run, for the threshold trigger: mean response, and requests present now. */
  measuredMs: number | null;
  present: number;
  /** Machines rented under older settings are being replaced; they are not in the problem. How many machines the pool is meant to have. */
  replacing?: { vms: number } | null;
}

/**
 * What the pool's fleet should be: the planner's answer, or one of the baselines that an SLA may name.
 */
export async function decide(
  pool: Pool,
  whole: PlanProblem,
  seen: Seen,
  planFleet: (problem: PlanProblem) => PlanResult | Promise<PlanResult>,
): Promise<PlanResult> {
  // Stopped machines are for the planner; the baselines count what runs, and a launch of theirs starts a stopped one where there is one.
  const problem = { ...whole, current: (whole.current ?? []).filter((c) => c.state !== 'stopped') };
  const owned = problem.current.reduce((sum, c) => sum + c.count, 0);
  if (problem.offers.length === 0) {
    const types = pool.group.instanceTypes.join(', ');
    return nothing(
      problem,
      `no offer matches ${types} with ${pool.appMemoryMiB} MiB; change the group or the app's memory`,
    );
  }
  const idle = problem.arrivalRatePerS < idleRatePerS;
  if (idle && pool.minVms === 0) return keepOrRelease(problem, () => 0, 'no requests are expected');
  const asked = { ...problem, arrivalRatePerS: Math.max(problem.arrivalRatePerS, idleRatePerS) };
  switch (pool.sla.planner) {
    case 'static':
      return staticFleet(asked, owned, Math.max(1, pool.minVms));
    case 'threshold':
      return thresholdFleet(asked, Math.max(1, pool.minVms), seen);
    default: {
      // The floor of one VM makes a pool that was asked for answer at all.
      const limits = { ...asked.limits, minVms: Math.max(1, pool.minVms) };
      return bestEffort(asked, await planFleet({ ...asked, current: whole.current ?? [], limits }), owned, seen);
    }
  }
}

/**
 * With an impossible promise something is still better than nothing: keep what runs, with the fastest, nearest kind up to the least
 * fleet; as many as there were where they replace others.
 */
function bestEffort(problem: PlanProblem, result: PlanResult, owned: number, { replacing }: Seen): PlanResult {
  if (result.status !== 'infeasible') return result;
  const kept = keepOrRelease(problem, (_, count) => count, 'the promise cannot be kept; nothing better is known');
  const reason = result.reason ?? 'no fleet keeps the promise';
  const fastest = launchableOffers(problem).sort((a, b) => meanFloorS(a) - meanFloorS(b))[0];
  const { minVms = 0, maxVms = Number.POSITIVE_INFINITY } = problem.limits ?? {};
  const wanted = Math.max(1, Math.min(Math.max(minVms, replacing?.vms ?? 0), maxVms));
  if (owned >= wanted || fastest === undefined) return { ...kept, status: 'infeasible', reason };
  const why = 'fastest available; the promise itself cannot be kept';
  return {
    ...withLaunch(problem, kept, fastest.id, wanted - owned, why),
    status: 'infeasible',
    reason,
  };
}

function staticFleet(problem: PlanProblem, owned: number, size: number): PlanResult {
  const kept = keepOrRelease(problem, (_, count) => count, 'static fleet');
  const cheapest = launchableOffers(problem).sort((a, b) => a.priceUsdPerHour - b.priceUsdPerHour)[0];
  if (owned >= size) return kept;
  if (cheapest === undefined) return short(kept, size);
  return withLaunch(problem, kept, cheapest.id, size - owned, `static fleet of ${size}`);
}

/** The share of its threshold below which the IoT paper's trigger lets a VM go. */
const lowerShare = 1 / 3;

function thresholdFleet(problem: PlanProblem, minVms: number, seen: Seen): PlanResult {
  const { targetS } = problem.sla;
  const count = (state: string) =>
    (problem.current ?? []).filter((c) => c.state === state).reduce((sum, c) => sum + c.count, 0);
  const booting = count('booting');
  // Old machines carry the load until their successors do: together they count for the fleet that is meant to be there.
  const ready = seen.replacing ? Math.max(0, seen.replacing.vms - booting) : count('running');
  const maxVms = problem.limits?.maxVms ?? Number.POSITIVE_INFINITY;
  const { desired, why } = thresholdScaling(
    { upperS: targetS, lowerS: targetS * lowerShare, step: 1, minVms, maxVms },
    { ready, booting, meanResponseS: seen.measuredMs === null ? null : seen.measuredMs / 1000, present: seen.present },
  );
  const change = desired - count('running') - booting;
  const dearestFirst = [...(problem.current ?? [])].sort(
    (a, b) => priceOf(problem, b.offer) - priceOf(problem, a.offer),
  );
  let surplus = Math.max(0, -change);
  const release = new Map<string, number>();
  for (const { offer, count: have } of dearestFirst) {
    const take = Math.min(surplus, have);
    release.set(offer, (release.get(offer) ?? 0) + take);
    surplus -= take;
  }
  const kept = keepOrRelease(problem, (offer, have) => have - (release.get(offer) ?? 0), why);
  const best = launchableOffers(problem).sort(
    (a, b) => a.priceUsdPerHour / a.serviceRatePerS - b.priceUsdPerHour / b.serviceRatePerS,
  )[0];
  if (change <= 0) return kept;
  return best ? withLaunch(problem, kept, best.id, change, why) : short(kept, desired);
}

/** Fewer than wanted, and nothing to launch: everything is kept. */
function short(kept: PlanResult, wanted: number): PlanResult {
  return { ...kept, status: 'infeasible', reason: `${wanted} VMs wanted, and no offer can be launched now` };
}

function launchableOffers(problem: PlanProblem): PlanProblem['offers'] {
  return problem.offers.filter((offer) => {
    const have = (problem.current ?? []).filter((c) => c.offer === offer.id).reduce((sum, c) => sum + c.count, 0);
    return offer.max === undefined || offer.max > have;
  });
}

function meanFloorS(offer: PlanProblem['offers'][number]): number {
  return offer.networkS + offer.cores / offer.serviceRatePerS;
}

function priceOf(problem: PlanProblem, offerId: string): number {
  return problem.offers.find((offer) => offer.id === offerId)?.priceUsdPerHour ?? 0;
}

function keepOrRelease(problem: PlanProblem, keep: (offer: string, count: number) => number, why: string): PlanResult {
  const counts = new Map<string, number>();
  for (const { offer, count } of problem.current ?? []) counts.set(offer, (counts.get(offer) ?? 0) + count);
  const base = nothing(problem, undefined);
  for (const [offer, count] of counts) {
    const kept = keep(offer, count);
    if (kept > 0) {
      base.fleet.push({ offer, count: kept });
      base.actions.push({ do: 'keep', offer, count: kept, why });
    }
    if (kept < count) base.actions.push({ do: 'drain', offer, count: count - kept, why });
    base.costUsdPerHour += kept * priceOf(problem, offer);
  }
  return { ...base, status: 'feasible' };
}

function withLaunch(problem: PlanProblem, result: PlanResult, offer: string, count: number, why: string): PlanResult {
  const fleet = result.fleet.filter((entry) => entry.offer !== offer);
  const had = result.fleet.find((entry) => entry.offer === offer)?.count ?? 0;
  return {
    ...result,
    fleet: [...fleet, { offer, count: had + count }],
    actions: [...result.actions, { do: 'launch', offer, count, why }],
    costUsdPerHour: result.costUsdPerHour + count * priceOf(problem, offer),
  };
}

function nothing(problem: PlanProblem, reason: string | undefined): PlanResult {
  return {
    status: 'infeasible',
    method: problem.method ?? 'exact',
    policy: problem.policy === undefined || problem.policy === 'auto' ? 'jsq' : problem.policy,
    fleet: [],
    actions: [],
    costUsdPerHour: 0,
    newUsdOverHorizon: 0,
    lowerBoundUsd: 0,
    gapPct: null,
    predicted: { responseTimeS: { mean: null, p95: null, p99: null } },
    ...(reason === undefined ? {} : { reason }),
  };
}
