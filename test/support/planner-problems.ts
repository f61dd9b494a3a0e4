import { newMoneyUsd } from '../../lib/domain/planner/instance.ts';
import { productModel } from '../../lib/domain/planner/queue-model.ts';
import type { CurrentVms, Indicator, Offer, PlanProblem } from '../../lib/domain/planner/types.ts';
import type { Policy } from '../../lib/domain/queueing/types.ts';

/** A small generator (mulberry32) so that every problem is the same on every machine. */
export function randomSource(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const session = { candidates: 5, threshold: 2, handoffS: 0.001 };

/** A problem small enough to try every fleet: up to three offers of up to six VMs, sometimes with limits, running VMs, hourly billing. */
export function smallProblem(random: () => number, policy: Policy, indicator: Indicator = 'mean'): PlanProblem {
  const chance = (p: number) => random() < p;
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const multiCore = chance(0.4);
  const remote = chance(0.4);
  const offers = Array.from({ length: whole(1, 3) }, (_, i): Offer => {
    const rate = whole(5, 50);
    const cores = multiCore ? 2 ** whole(0, 2) : 1;
    return {
      id: `o${i}`,
      serviceRatePerS: rate * (chance(0.5) ? cores : 1),
      cores,
      sharingLimit: 16,
      priceUsdPerHour: Number((rate * 0.001 * (0.7 + 0.6 * random())).toFixed(4)),
      networkS: remote ? Number((random() * 0.05).toFixed(3)) : 0,
      max: whole(2, 6),
      purchaseOption: chance(0.5) ? 'spot' : 'on-demand',
    };
  });
  const average = (f: (o: Offer) => number) => offers.reduce((sum, o) => sum + f(o), 0) / offers.length;
  const current = chance(0.4)
    ? offers
        .filter(() => chance(0.6))
        .map(
          (o): CurrentVms => ({
            offer: o.id,
            state: chance(0.7) ? 'running' : 'stopped',
            count: whole(1, 3),
            remainingRentalS: whole(0, 3599),
          }),
        )
    : [];
  const scale = indicator === 'mean' ? 1 : 3;
  return {
    arrivalRatePerS: average((o) => o.serviceRatePerS) * (0.3 + 6 * random()),
    sla: { indicator, targetS: (scale / average((o) => o.serviceRatePerS / o.cores)) * (1.05 + 4 * random()) },
    policy,
    session,
    offers,
    current,
    billing: chance(0.3) ? 'hourly' : 'per-second',
    horizonS: 600,
    limits: {
      ...(chance(0.2) ? { maxVms: whole(3, 10) } : {}),
      ...(chance(0.2) ? { minVms: whole(0, 2) } : {}),
      ...(chance(0.2) ? { maxSpotShare: Number(random().toFixed(2)) } : {}),
      ...(chance(0.1) ? { maxUsdPerHour: 0.1 + 0.4 * random() } : {}),
    },
  };
}

/** New money for a fleet, VM by VM, straight from the billing rules. */
export function fleetCost(problem: PlanProblem, counts: readonly number[]): number {
  const { billing = 'per-second', horizonS = 600 } = problem;
  return problem.offers.reduce((sum, offer, i) => {
    const paid = (problem.current ?? [])
      .filter((c) => c.offer === offer.id && c.state !== 'stopped')
      .flatMap((c) => Array.from({ length: c.count }, () => c.remainingRentalS ?? 0))
      .sort((a, b) => b - a);
    let cost = 0;
    for (let k = 0; k < counts[i]!; k++) {
      cost += newMoneyUsd(offer.priceUsdPerHour, billing === 'hourly' ? (paid[k] ?? 0) : 0, billing, horizonS);
    }
    return sum + cost;
  }, 0);
}

/** Whether a fleet keeps the promise and the limits, by the model alone. */
export function keepsPromise(problem: PlanProblem, counts: readonly number[]): boolean {
  const pool = problem.offers.map((o, i) => ({ ...o, count: counts[i]! })).filter((g) => g.count > 0);
  const sum = (f: (g: (typeof pool)[number]) => number) => pool.reduce((total, g) => total + g.count * f(g), 0);
  const vms = sum(() => 1);
  const rate = sum((g) => g.serviceRatePerS);
  const { maxVms = Infinity, minVms = 0, maxUsdPerHour = Infinity, maxSpotShare = 1 } = problem.limits ?? {};
  if (vms > maxVms || vms < minVms) return false;
  if (vms === 0) return problem.arrivalRatePerS === 0;
  if (sum((g) => g.priceUsdPerHour) > maxUsdPerHour) return false;
  if (sum((g) => (g.purchaseOption === 'spot' ? g.serviceRatePerS : 0)) / rate > maxSpotShare + 1e-9) return false;
  const { arrivalRatePerS, policy, sla } = problem;
  if (policy === 'auto' || policy === undefined) throw new RangeError('give the policy');
  const input = { pool, arrivalRatePerS, policy, session };
  const time = sla.indicator === 'mean' ? productModel.meanS(input) : productModel.times(input)?.[sla.indicator];
  return typeof time === 'number' && time <= sla.targetS * (1 + 1e-9);
}

/** The least cost over every fleet up to each offer's max; null when none keeps the promise. */
export function bruteForce(problem: PlanProblem): number | null {
  const { offers } = problem;
  const counts = offers.map(() => 0);
  let best: number | null = null;
  const visit = (i: number): void => {
    if (i === offers.length) {
      const cost = fleetCost(problem, counts);
      if ((best === null || cost < best) && keepsPromise(problem, counts)) best = cost;
      return;
    }
    for (let k = 0; k <= offers[i]!.max!; k++) {
      counts[i] = k;
      visit(i + 1);
    }
    counts[i] = 0;
  };
  visit(0);
  return best;
}
