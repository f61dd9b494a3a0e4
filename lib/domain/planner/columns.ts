import type { Cut } from './cuts.ts';
import { availableOf, type Counts, capacityPerS, coreRatePerS, type Instance } from './instance.ts';
import { addRow, type Lp, type Row } from './lp.ts';

/** The search's variables: VMs of one offer that cost the same new money. */
export interface Columns {
  /** Offer of each column; the columns of an offer follow each other, the cheapest first. */
  offers: number[];
  cost: number[];
  max: number[];
  /** The offers that have columns, each once. */
  active: number[];
}

/** From here on dominated offers are dropped; below, every offer is searched. */
const manyOffers = 12;

export function columnsOf(instance: Instance): Columns {
  const columns: Columns = { offers: [], cost: [], max: [], active: [] };
  const usable = instance.offers.map((_, i) => i).filter((i) => availableOf(instance.offers[i]!) > 0);
  const active = usable.length > manyOffers ? undominated(instance, usable) : usable;
  for (const i of active) {
    const offer = instance.offers[i]!;
    let left = mostUseful(instance, i);
    let previous = -1;
    for (const tier of offer.tiers) {
      const count = Math.min(tier.max, left);
      if (count <= 0) break;
      left -= count;
      if (previous >= 0 && columns.cost[previous] === tier.rankUsd) {
        columns.max[previous]! += count;
        continue;
      }
      previous = columns.offers.length;
      columns.offers.push(i);
      columns.cost.push(tier.rankUsd);
      columns.max.push(count);
    }
    columns.active.push(i);
  }
  return columns;
}

/** More VMs than this of one offer carry the whole load at a utilization where more of them change nothing. */
function mostUseful(instance: Instance, i: number): number {
  const enough = Math.ceil((50 * instance.arrivalRatePerS) / capacityPerS(instance.offers[i]!));
  return Math.min(instance.limits.maxVms, enough + instance.limits.minVms + 20);
}

/** Drops an offer when another, available without limit, is at least as good in every respect. */
function undominated(instance: Instance, usable: readonly number[]): number[] {
  const { offers, limits } = instance;
  const better = (a: number, b: number): boolean => {
    const x = offers[a]!;
    const y = offers[b]!;
    const kept = y.tiers[0]!.rankUsd;
    return (
      x.tiers[0]!.rankUsd <= kept &&
      x.priceUsdPerHour <= y.priceUsdPerHour &&
      capacityPerS(x) >= capacityPerS(y) &&
      coreRatePerS(x) >= coreRatePerS(y) &&
      x.networkS <= y.networkS &&
      x.sharingLimit >= y.sharingLimit &&
      (limits.maxSpotShare >= 1 || x.purchaseOption === y.purchaseOption || x.purchaseOption === 'on-demand')
    );
  };
  const order = [...usable].sort(
    (a, b) =>
      offers[a]!.priceUsdPerHour - offers[b]!.priceUsdPerHour ||
      capacityPerS(offers[b]!) - capacityPerS(offers[a]!) ||
      a - b,
  );
  const kept: number[] = [];
  const unlimited: number[] = [];
  for (const i of order) {
    if (unlimited.some((u) => better(u, i))) continue;
    kept.push(i);
    const launch = offers[i]!.tiers.at(-1)!;
    if (offers[i]!.tiers.length === 1 && launch.max >= mostUseful(instance, i)) unlimited.push(i);
  }
  return kept.sort((a, b) => a - b);
}

export function countsOf(instance: Instance, columns: Columns, point: readonly number[]): Counts {
  const counts = new Array<number>(instance.offers.length).fill(0);
  columns.offers.forEach((i, j) => {
    counts[i]! += point[j]!;
  });
  return counts;
}

/** Cuts are given per active offer; rows are over columns. */
export function rowOf(columns: Columns, { worth, atLeast }: Cut): Row {
  const byOffer = new Map(columns.active.map((i, k) => [i, worth[k]!]));
  return { coefficients: Float64Array.from(columns.offers, (i) => byOffer.get(i)!), atLeast };
}

export function addCuts(lp: Lp, columns: Columns, cuts: readonly Cut[]): void {
  for (const cut of cuts) addRow(lp, rowOf(columns, cut));
}

/** The problem's limits as rows. */
export function limitRows(instance: Instance, columns: Columns): Row[] {
  const { maxVms, minVms, maxUsdPerHour, maxSpotShare } = instance.limits;
  const over = (f: (i: number) => number) => Float64Array.from(columns.offers, f);
  const offer = (i: number) => instance.offers[i]!;
  const rows: Row[] = [];
  if (Number.isFinite(maxVms)) rows.push({ coefficients: over(() => -1), atLeast: -maxVms });
  if (minVms > 0) rows.push({ coefficients: over(() => 1), atLeast: minVms });
  if (Number.isFinite(maxUsdPerHour)) {
    rows.push({ coefficients: over((i) => -offer(i).priceUsdPerHour), atLeast: -maxUsdPerHour * (1 + 1e-9) });
  }
  if (maxSpotShare < 1) {
    const share = (i: number) => maxSpotShare + 1e-9 - (offer(i).purchaseOption === 'spot' ? 1 : 0);
    rows.push({ coefficients: over((i) => offer(i).serviceRatePerS * share(i)), atLeast: 0 });
  }
  return rows;
}
