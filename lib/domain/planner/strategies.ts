import { loneRequestS } from './diagnosis.ts';
import type { Evaluator } from './evaluate.ts';
import { availableOf, brokenLimits, type Counts, capacityPerS, type Instance, round, vmCount } from './instance.ts';
import { effectiveCapacityPerS } from './linear.ts';
import type { PlanMethod } from './types.ts';

/** Where a strategy ended: a fleet that keeps the promise, or the reason why the loop would go on for ever. */
export type StrategyOutcome = { counts: Counts } | { reason: string };

/**
 * The OaaS paper's resource allocation, literally: starting from the running fleet, while pRT > mRT add one VM of the first
 * offer by price per service rate; otherwise take VMs away, the shortest remaining rental first, while pRT ≤ mRT holds.
 * `same`, `minimum` and `maximum` are its experiment 2: they only ever add the initial offer, the slowest, the fastest.
 *
 * Where the paper's loop would not end (a VM slower than 1/mRT never turns a missed target into a met one) the outcome is a reason.
 */
export function runStrategy(
  instance: Instance,
  evaluator: Evaluator,
  method: Exclude<PlanMethod, 'exact'>,
): StrategyOutcome {
  const start = instance.offers.map((o) => Math.min(o.running, o.max));
  const met = vmCount(start) > 0 || instance.arrivalRatePerS === 0 ? evaluator.meets(start) : false;
  if (met && vmCount(start) >= instance.limits.minVms) return { counts: shrink(instance, evaluator, start) };
  return grow(instance, evaluator, start, additions(instance, method), method);
}

/** Indices of the offers a method may add, the preferred first. */
function additions(instance: Instance, method: Exclude<PlanMethod, 'exact'>): number[] {
  const { offers } = instance;
  const all = offers.map((_, i) => i).filter((i) => availableOf(offers[i]!) > 0);
  const rate = (i: number) => offers[i]!.serviceRatePerS;
  const price = (i: number) => offers[i]!.priceUsdPerHour;
  switch (method) {
    case 'paper':
      return all.sort((a, b) => price(a) / rate(a) - price(b) / rate(b));
    case 'same':
      return [
        Math.max(
          0,
          offers.findIndex((o) => o.running > 0),
        ),
      ];
    case 'minimum':
      return all.sort((a, b) => rate(a) - rate(b) || price(a) - price(b)).slice(0, 1);
    case 'maximum':
      return all.sort((a, b) => rate(b) - rate(a) || price(a) - price(b)).slice(0, 1);
  }
}

function grow(
  instance: Instance,
  evaluator: Evaluator,
  start: number[],
  order: readonly number[],
  method: string,
): StrategyOutcome {
  const counts = [...start];
  const { minVms, maxVms } = instance.limits;
  const enough = () => vmCount(counts) >= minVms && evaluator.meets(counts);
  for (const i of order) {
    const offer = instance.offers[i]!;
    const room = Math.min(availableOf(offer) - counts[i]!, maxVms - vmCount(counts));
    const cap = Math.min(room, mostThatCanHelp(instance, counts, i));
    const present = counts[i]!;
    const met = (added: number): boolean => {
      counts[i] = present + added;
      return enough();
    };
    const added = firstEnough(Math.min(cap, leastForStability(instance, counts, i)), cap, met);
    if (met(added)) {
      const broken = brokenLimits(instance, counts);
      if (broken.length === 0) return { counts };
      return { reason: `method "${method}" reaches the target only by breaking ${broken.join(' and ')}` };
    }
    if (cap < room) return { reason: neverEnds(instance, evaluator, counts, i, method) };
  }
  const ids = order.map((i) => instance.offers[i]!.id).join(', ');
  const [first] = order;
  // The limits ended the loop, but without them it would not have ended either.
  if (first !== undefined && order.every((i) => loneRequestS(instance, i) >= instance.sla.targetS)) {
    return { reason: neverEnds(instance, evaluator, counts, first, method) };
  }
  return {
    reason: `method "${method}" missed the target of ${instance.sla.targetS} s (${instance.sla.indicator}) with every VM it may add (${ids}; ${vmCount(counts)} VMs): raise their max or limits.maxVms, or use method "exact", which may add any offer`,
  };
}

/** Additions that are looked at one by one before the steps grow. */
const oneByOne = 64;

/**
 * The first number from `from` to `most` that is enough, or `most`: one at a time as the paper does, and after `oneByOne` of them in
 * doubling steps and by bisection, which comes to the same wherever more VMs do not make it worse again.
 */
function firstEnough(from: number, most: number, met: (added: number) => boolean): number {
  let last = from - 1;
  let next = from;
  for (let step = 1; !met(next); ) {
    if (next >= most) return most;
    last = next;
    if (next - from >= oneByOne) step *= 2;
    next = Math.min(most, next + step);
  }
  while (next - last > 1) {
    const middle = (last + next) >> 1;
    if (met(middle)) next = middle;
    else last = middle;
  }
  return next;
}

/** Below this many no policy is stable, so the loop need not look. */
function leastForStability(instance: Instance, counts: Counts, i: number): number {
  const present = counts.reduce((sum, count, j) => sum + count * capacityPerS(instance.offers[j]!), 0);
  return Math.max(0, Math.floor((instance.arrivalRatePerS - present) / capacityPerS(instance.offers[i]!)));
}

/** More than this many VMs of one offer leave every other VM (nearly) idle: what is missed then is missed for ever. */
function mostThatCanHelp(instance: Instance, counts: Counts, i: number): number {
  const offer = instance.offers[i]!;
  const rate = capacityPerS(offer);
  const present = counts.reduce((sum, count, j) => sum + count * instance.offers[j]!.serviceRatePerS, 0);
  const worth = effectiveCapacityPerS(offer.serviceRatePerS / offer.cores, offer.networkS, instance.sla.targetS);
  const needed = instance.arrivalRatePerS + present + instance.limits.minVms * rate;
  return Math.ceil((20 * needed) / rate + (worth > 0 ? (4 * needed) / worth : 0)) + 2;
}

function neverEnds(instance: Instance, evaluator: Evaluator, counts: Counts, i: number, method: string): string {
  const { sla } = instance;
  const offer = instance.offers[i]!;
  const floorS = loneRequestS(instance, i);
  const reached = round(evaluator.times(counts)[sla.indicator] ?? Number.POSITIVE_INFINITY);
  const why =
    floorS >= sla.targetS
      ? `a lone request takes ${round(floorS)} s (${sla.indicator}) on it (network ${offer.networkS} s, mean service ${round(offer.cores / offer.serviceRatePerS)} s), so no number of them meets the target`
      : `even ${counts[i]} of them leave it at ${reached} s`;
  return `method "${method}" would add ${offer.id} for ever: ${why} of ${sla.targetS} s (${sla.indicator}); use a faster offer, a target above ${round(Math.max(floorS, sla.targetS))} s, or method "exact"`;
}

/** One VM at a time, the shortest remaining rental first (the dearest per rate first among equals), until one is needed. */
function shrink(instance: Instance, evaluator: Evaluator, start: number[]): Counts {
  const counts = [...start];
  const kept = instance.offers.flatMap((offer, i) =>
    offer.tiers
      .filter((t) => t.action === 'keep')
      .map((tier) => ({ i, left: tier.max, remaining: tier.remainingRentalS })),
  );
  const perRate = (i: number) => instance.offers[i]!.priceUsdPerHour / instance.offers[i]!.serviceRatePerS;
  kept.sort((a, b) => a.remaining - b.remaining || perRate(b.i) - perRate(a.i));
  for (const group of kept) {
    for (; group.left > 0; group.left--) {
      counts[group.i]!--;
      if (vmCount(counts) >= instance.limits.minVms && evaluator.meets(counts)) continue;
      counts[group.i]!++;
      return counts;
    }
  }
  return counts;
}
