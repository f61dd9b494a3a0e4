import { addCuts, type Columns, countsOf } from './columns.ts';
import { type CutsAt, cautiousCuts } from './cuts.ts';
import { loneRequestS } from './diagnosis.ts';
import type { Evaluator } from './evaluate.ts';
import { availableOf, type Counts, capacityPerS, type Instance, offerCostUsd, vmCount } from './instance.ts';
import { coverKnapsack } from './knapsack.ts';
import { copyLp, type Lp, lpPoint, solveLp } from './lp.ts';
import type { Budget } from './search.ts';

/** Enough for a cover within a hair of the cheapest. */
const mostCoverStates = 20_000;
/** Offers tried on their own even when the budget is spent already. */
const fewest = 3;
/** Offers tried on their own as a first fleet: fewer where a look at the model is dear. */
const mostAlone = (vms: number): number => (vms > 200 ? 3 : 24);

/**
 * Good fleets to start from: the linear program's fleet under a heavier load, just heavy enough that the model accepts it, and
 * the least number of each promising offer alone.
 */
export function firstFleets(
  instance: Instance,
  columns: Columns,
  roots: readonly Lp[],
  cutsAt: CutsAt,
  evaluator: Evaluator,
  acceptable: (counts: Counts) => boolean,
  budget: Budget,
): Counts[] {
  const fleets: Counts[] = [];
  const cautious = cautiousCuts(instance, columns.active, cutsAt);
  roots.forEach((root, k) => {
    if (budget.spent() && fleets.length > 0) return;
    const mixed = byLoad(instance, columns, root, k === 0 ? cautious : cutsAt, acceptable, budget);
    if (mixed !== null) fleets.push(mixed);
  });
  if (!budget.spent() || fleets.length === 0) {
    const covering = byCover(instance, columns, acceptable, budget);
    if (covering !== null) fleets.push(covering);
  }
  // By what enough of it for the load would cost: large VMs are cheap per rate, but not for a small load.
  const least = (i: number) => Math.max(1, Math.ceil(instance.arrivalRatePerS / capacityPerS(instance.offers[i]!)));
  const estimate = new Map(columns.active.map((i) => [i, offerCostUsd(instance.offers[i]!, least(i))]));
  const promising = columns.active
    .filter((i) => loneRequestS(instance, i) < instance.sla.targetS || instance.sla.indicator !== 'mean')
    .sort((a, b) => estimate.get(a)! - estimate.get(b)! || a - b)
    .slice(0, mostAlone(Math.max(0, ...fleets.map(vmCount))));
  for (const [k, i] of promising.entries()) {
    if (k >= fewest && budget.spent() && fleets.length > 0) break;
    const counts = alone(instance, i, evaluator);
    if (counts !== null) fleets.push(counts);
  }
  return fleets;
}

/**
 * Least load factor whose cheapest cover by whole VMs, each fast enough on its own, is accepted. Rounding a linear optimum up costs up to a
 * VM per offer, which is much where the best offers are large.
 */
function byCover(
  instance: Instance,
  columns: Columns,
  acceptable: (counts: Counts) => boolean,
  budget: Budget,
): Counts | null {
  const items = columns.offers.flatMap((i, j) =>
    loneRequestS(instance, i) < instance.sla.targetS
      ? [{ cost: columns.cost[j]!, value: capacityPerS(instance.offers[i]!), max: columns.max[j]!, column: j }]
      : [],
  );
  const at = (load: number): Counts | null => {
    const cover = coverKnapsack(items, instance.arrivalRatePerS * load, mostCoverStates);
    if (cover === null) return null;
    const point = columns.offers.map(() => 0);
    items.forEach(({ column }, k) => {
      point[column] = cover.counts[k]!;
    });
    return countsOf(instance, columns, point);
  };
  return leastLoad(at, acceptable, budget);
}

/** Least load factor whose rounded-up linear optimum is accepted. */
function byLoad(
  instance: Instance,
  columns: Columns,
  root: Lp,
  cutsAt: CutsAt,
  acceptable: (counts: Counts) => boolean,
  budget: Budget,
): Counts | null {
  // A heavier load only adds rows to the relaxation, which the dual simplex takes up in a few pivots.
  const at = (load: number): Counts | null => {
    const lp = copyLp(root);
    addCuts(lp, columns, cutsAt(load));
    const possible = solveLp(lp);
    budget.charge(lp);
    if (!possible) return null;
    const point = lpPoint(lp, columns.offers.length).map((v, j) => Math.min(columns.max[j]!, Math.ceil(v - 1e-6)));
    return countsOf(instance, columns, point);
  };
  return leastLoad(at, acceptable, budget);
}

function leastLoad(
  at: (load: number) => Counts | null,
  acceptable: (counts: Counts) => boolean,
  budget: Budget,
): Counts | null {
  let low = 1;
  let high = 1;
  let best: Counts | null = null;
  for (let step = 0.002; step < 100; step *= step < 0.1 ? 2 : 4) {
    const counts = at(high);
    if (counts !== null && acceptable(counts)) {
      best = counts;
      break;
    }
    low = high;
    high = 1 + step;
  }
  if (best === null) return null;
  for (let i = 0; i < 8 && high - low > 2e-4 && !budget.spent(); i++) {
    const middle = (low + high) / 2;
    const counts = at(middle);
    if (counts !== null && acceptable(counts)) {
      best = counts;
      high = middle;
    } else low = middle;
  }
  return best;
}

/** Least number of one offer that keeps the promise, `minVms` included: more of the same VM never hurt, so bisection finds it. */
export function alone(instance: Instance, i: number, evaluator: Evaluator): Counts | null {
  const offer = instance.offers[i]!;
  const counts = new Array<number>(instance.offers.length).fill(0);
  const most = availableOf(offer);
  const meets = (count: number) => {
    counts[i] = count;
    return evaluator.meets(counts);
  };
  const least = Math.max(instance.limits.minVms, Math.floor(instance.arrivalRatePerS / capacityPerS(offer)));
  if (least > most) return null;
  let low = least - 1;
  let high = least;
  for (let step = 1; !meets(high); step *= 2) {
    if (high >= most || step > 64 * (least + 8)) return null;
    low = high;
    high = Math.min(most, high + step);
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (meets(middle)) high = middle;
    else low = middle;
  }
  counts[i] = high;
  return counts;
}

/** Cheaper offers tried in exchange for one VM, where there are many. */
const mostSwaps = 40;

/** Takes VMs away and swaps them for cheaper ones, one at a time, for as long as that helps. */
export function improve(
  instance: Instance,
  columns: Columns,
  start: Counts,
  offer: (counts: Counts) => boolean,
  budget: Budget,
): void {
  let current = [...start];
  const price = (i: number) => instance.offers[i]!.priceUsdPerHour;
  const candidates = instance.offers.map((_, i) => i).filter((i) => availableOf(instance.offers[i]!) > 0);
  const few = candidates.length <= 60;
  // Among many offers, those that no other beats; the cheapest first, for that is what an exchange may save most with.
  const cheapestFirst = [...columns.active].sort((a, b) => price(a) - price(b));
  for (let improved = true; improved && !budget.spent(); ) {
    improved = false;
    const present = current.map((_, i) => i).filter((i) => current[i]! > 0);
    present.sort((a, b) => price(b) - price(a));
    const tryOn = (change: (counts: number[]) => void): boolean => {
      const counts = [...current];
      change(counts);
      if (!offer(counts)) return false;
      current = counts;
      improved = true;
      return true;
    };
    if (present.some((i) => tryOn((counts) => counts[i]!--))) continue;
    for (const i of present) {
      const others = few ? candidates : swapsFor(instance, current, i, cheapestFirst);
      const swapped = others.some(
        (j) =>
          j !== i &&
          current[j]! < availableOf(instance.offers[j]!) &&
          !budget.spent(0.9) &&
          tryOn((counts) => {
            counts[i]!--;
            counts[j]!++;
          }),
      );
      if (swapped) break;
    }
  }
}

/** Cheaper offers than i that leave the fleet more capacity than the load, evenly picked when there are many. */
function swapsFor(instance: Instance, current: Counts, i: number, cheapestFirst: readonly number[]): number[] {
  const price = (k: number) => instance.offers[k]!.priceUsdPerHour;
  const capacity = current.reduce((sum, n, k) => (n > 0 ? sum + n * capacityPerS(instance.offers[k]!) : sum), 0);
  const lost = capacity - capacityPerS(instance.offers[i]!) - instance.arrivalRatePerS;
  const useful = cheapestFirst.filter((j) => price(j) < price(i) && lost + capacityPerS(instance.offers[j]!) > 0);
  if (useful.length <= mostSwaps) return useful;
  return Array.from({ length: mostSwaps }, (_, k) => useful[Math.floor((k * useful.length) / mostSwaps)]!);
}
