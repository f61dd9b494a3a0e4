import type { Evaluator } from './evaluate.ts';
import { brokenLimits, type Counts, fleetCostUsd, type Instance } from './instance.ts';
import { type CoverItem, coverKnapsack } from './knapsack.ts';

/** A search's answer: a fleet and how far from the cheapest it can be. */
export interface Solution {
  counts: Counts;
  lowerBoundUsd: number;
  proven: boolean;
}

/**
 * Whether the promise is linear in the fleet: capacity-based split, one core per VM, exponential service, a mean target and equal
 * network time. Then C/(Σμ - λ) + network ≤ R is the same as Σ (μ_i - 1/(R - network)) ≥ λ.
 */
export function isLinear(instance: Instance): boolean {
  const { policy, sla, offers, serviceScv } = instance;
  const networkS = offers[0]!.networkS;
  return (
    policy === 'capacity' &&
    sla.indicator === 'mean' &&
    serviceScv === 1 &&
    offers.every((o) => o.cores === 1 && o.networkS === networkS)
  );
}

/** e_i = μ_i - 1/(R - network): what one VM is worth to the promise, requests per second. Negative: it does harm. */
export function effectiveCapacityPerS(serviceRatePerS: number, networkS: number, targetS: number): number {
  return targetS > networkS ? serviceRatePerS - 1 / (targetS - networkS) : Number.NEGATIVE_INFINITY;
}

/** Cheapest fleet of a linear instance, limits left aside; null when there is none. */
function solveLinear(instance: Instance): Solution | null {
  const items: (CoverItem & { offer: number })[] = [];
  instance.offers.forEach((offer, i) => {
    const value = effectiveCapacityPerS(offer.serviceRatePerS, offer.networkS, instance.sla.targetS);
    for (const tier of offer.tiers) items.push({ cost: tier.rankUsd, value, max: tier.max, offer: i });
  });
  const solution = coverKnapsack(items, instance.arrivalRatePerS);
  if (solution === null) return null;
  const counts = new Array<number>(instance.offers.length).fill(0);
  items.forEach((item, j) => {
    counts[item.offer]! += solution.counts[j]!;
  });
  const lowerBoundUsd = solution.proven ? fleetCostUsd(instance, counts) : solution.lowerBound;
  return { counts, lowerBoundUsd, proven: solution.proven };
}

/** The linear optimum when it keeps the limits as well; undefined when the limits need another search. */
export function solveLinearWithinLimits(instance: Instance, evaluator: Evaluator): Solution | null | undefined {
  const solution = solveLinear(instance);
  if (solution === null) return null;
  const fits = brokenLimits(instance, solution.counts).length === 0 && evaluator.meets(solution.counts);
  return fits ? solution : undefined;
}
