import { predict } from '../queueing/predict.ts';
import type { Policy } from '../queueing/types.ts';
import type { PlanOptions } from './plan.ts';
import type { FleetEntry, PlanMethod, PlanProblem, PlanResult } from './types.ts';

/** Which other fleet: the OaaS paper's algorithm, other ways to dispatch, one VM less than planned, the fleet as it was. */
export type AlternativeId = 'paper' | 'jsq' | 'session' | 'capacity' | 'fewer' | 'unchanged';

/** A fleet weighed beside the planned one, for the same load and promise. */
export interface Alternative {
  id: AlternativeId;
  fleet: FleetEntry[];
  /** List price; null: no such fleet, see `why`. */
  costUsdPerHour: number | null;
  predictedS: { mean: number | null; p95: number | null };
  /** Whether it keeps the promise. */
  keeps: boolean;
  why: string;
}

/**
 * Rent of the fluid bound, USD per hour: exactly the capacity that the load needs, of the cheapest offer per service rate, as if
 * waiting did not exist. No dispatcher and no planner gets below it (docs/how-it-works.md).
 */
export function fluidUsdPerHour(problem: Pick<PlanProblem, 'arrivalRatePerS' | 'offers'>): number {
  if (problem.offers.length === 0) return 0;
  const cheapest = Math.min(...problem.offers.map((offer) => offer.priceUsdPerHour / offer.serviceRatePerS));
  return problem.arrivalRatePerS * cheapest;
}

/** What the same promise would take from nothing: no fleet that runs already, no caps. */
function fromNothing(problem: PlanProblem, policy: Policy, method: PlanMethod): PlanProblem {
  return {
    ...problem,
    policy,
    method,
    current: [],
    limits: {},
    offers: problem.offers.map(({ max: _, ...offer }) => offer),
  };
}

/** The OaaS paper's algorithm for this load and promise: its capacity-based split, its order of offers, its loop. */
export const paperProblem = (problem: PlanProblem): PlanProblem => fromNothing(problem, 'capacity', 'paper');

/** A good fleet is enough for a comparison; its proof is not. */
const brief = { workLimitMs: 60 } as const;

const dispatches = { jsq: 'exact occupancy', session: 'session tickets', capacity: 'a static split' } as const;

/**
 * The fleets that were not chosen, and what they would cost.
 *
 * @param plan the chosen one
 * @param planFleet the planner, possibly elsewhere
 */
export async function alternativesTo(
  problem: PlanProblem,
  plan: PlanResult,
  planFleet: (problem: PlanProblem, options: Pick<PlanOptions, 'workLimitMs'>) => PlanResult | Promise<PlanResult>,
): Promise<Alternative[]> {
  if (problem.offers.length === 0 || plan.fleet.length === 0) return [];
  const found: Alternative[] = [
    planned('paper', await planFleet(paperProblem(problem), brief), "the OaaS paper's algorithm"),
  ];
  for (const policy of ['jsq', 'session', 'capacity'] as const) {
    if (policy === plan.policy) continue;
    const result = await planFleet(fromNothing(problem, policy, 'exact'), brief);
    found.push(planned(policy, result, `the cheapest fleet with ${dispatches[policy]}`));
  }
  const fewer = oneFewer(problem, plan.fleet);
  if (fewer !== null) found.push(asIs('fewer', problem, plan.policy, fewer.fleet, `without one ${fewer.offer}`));
  const owned = ownedNow(problem);
  if (owned.length > 0 && !sameFleet(owned, plan.fleet)) {
    found.push(asIs('unchanged', problem, plan.policy, owned, 'the fleet as it was'));
  }
  return found;
}

function planned(id: AlternativeId, result: PlanResult, what: string): Alternative {
  const { mean, p95 } = result.predicted.responseTimeS;
  const keeps = result.status !== 'infeasible';
  return {
    id,
    fleet: result.fleet,
    costUsdPerHour: keeps ? result.costUsdPerHour : null,
    predictedS: { mean, p95 },
    keeps,
    why: keeps ? what : `${what}: ${result.reason ?? 'no fleet keeps the promise'}`,
  };
}

/** A given fleet under the model, whether it keeps the promise or not. */
function asIs(id: AlternativeId, problem: PlanProblem, policy: Policy, fleet: FleetEntry[], what: string): Alternative {
  const offers = new Map(problem.offers.map((offer) => [offer.id, offer]));
  const pool = fleet.flatMap(({ offer, count }) => {
    const known = offers.get(offer);
    return known === undefined ? [] : [{ ...known, count }];
  });
  const { responseTimeS } = predict({
    pool,
    policy,
    arrivalRatePerS: problem.arrivalRatePerS,
    session: problem.session,
    snapshotAgeS: problem.snapshotAgeS,
    serviceScv: problem.serviceScv,
  });
  const seen = responseTimeS[problem.sla.indicator];
  const keeps = seen !== null && seen <= problem.sla.targetS;
  const missed = seen === null ? 'the load would outgrow it' : `${problem.sla.indicator} ${Math.round(seen * 1000)} ms`;
  return {
    id,
    fleet,
    costUsdPerHour: pool.reduce((sum, vm) => sum + vm.count * vm.priceUsdPerHour, 0),
    predictedS: { mean: responseTimeS.mean, p95: responseTimeS.p95 },
    keeps,
    why: keeps ? what : `${what}: ${missed}, ${Math.round(problem.sla.targetS * 1000)} ms promised`,
  };
}

/** The dearest VM gone: the first saving that anyone would ask for. Null: nothing would be left. */
function oneFewer(problem: PlanProblem, fleet: readonly FleetEntry[]): { fleet: FleetEntry[]; offer: string } | null {
  if (fleet.reduce((sum, entry) => sum + entry.count, 0) < 2) return null;
  const price = (id: string) => problem.offers.find((offer) => offer.id === id)?.priceUsdPerHour ?? 0;
  const dearest = [...fleet].sort((a, b) => price(b.offer) - price(a.offer))[0]!;
  const left = fleet.map((entry) => (entry === dearest ? { ...entry, count: entry.count - 1 } : entry));
  return { fleet: left.filter((entry) => entry.count > 0), offer: dearest.offer };
}

function ownedNow(problem: PlanProblem): FleetEntry[] {
  const counts = new Map<string, number>();
  for (const { offer, count } of problem.current ?? []) counts.set(offer, (counts.get(offer) ?? 0) + count);
  return [...counts].map(([offer, count]) => ({ offer, count })).filter((entry) => entry.count > 0);
}

function sameFleet(a: readonly FleetEntry[], b: readonly FleetEntry[]): boolean {
  const counts = new Map(a.map((entry) => [entry.offer, entry.count]));
  return a.length === b.length && b.every((entry) => counts.get(entry.offer) === entry.count);
}
