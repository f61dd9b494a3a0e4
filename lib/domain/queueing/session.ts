import { handOffAt } from '../dispatch/hand-off.ts';
import { type ArrivalRates, type LevelDistribution, solveLevels } from './birth-death.ts';
import type { GroupLoad, PoolLoad } from './pool-load.ts';
import { staticLoad } from './static-load.ts';
import { capacityOf, type Station, vmCountOf } from './station.ts';
import type { SessionParameters } from './types.ts';

/** Arrival rates per group under session dispatch. */
interface MeanField {
  /** Per group, what one VM sees by number present. */
  rates: ArrivalRates[];
  /** Mean number of handoffs per request. */
  handoffs: number;
  /** Probability that a VM drawn by capacity is at or above the threshold. */
  full: number;
}

/**
 * A pool under session dispatch: the mean-field solution, its times raised by what few VMs add.
 *
 * @returns undefined when some VM is overloaded
 */
export function sessionPoolLoad(
  stations: readonly Station[],
  arrivalRatePerS: number,
  parameters: SessionParameters,
): PoolLoad | undefined {
  if (arrivalRatePerS >= capacityOf(stations)) return undefined;
  // With one candidate nobody has a choice: a random split by capacity, which is exact.
  if (Math.min(parameters.candidates, vmCountOf(stations)) === 1) {
    return staticLoad(stations, arrivalRatePerS, 'capacity');
  }
  const field = meanField(stations, arrivalRatePerS, parameters);
  if (field === undefined) return undefined;
  const levels = field.rates.map((rates, g) => solveLevels(rates, stations[g]!)!);
  const excess = correlationExcess(stations, arrivalRatePerS, parameters, field, levels);
  const groups = stations.map((_, g): GroupLoad => {
    const own = levels[g]!;
    return {
      arrivalRatePerS: own.throughputPerS,
      sojournS: (own.inSystem / own.throughputPerS) * (1 + excess),
      waitingS: (own.waiting / own.throughputPerS) * (1 + excess),
      handoffS: field.handoffs * parameters.handoffS,
      rates: field.rates[g]!,
    };
  });
  return { groups, method: 'approximation', errorBoundPct: () => Math.min(25, 1 + 200 * excess) };
}

/**
 * Relative excess of the mean time over mean field: with C VMs and k candidates, candidates fill up together. Fitted to 706
 * simulated pools where it counts (fewer than 12 VMs, or busy), drawn like those of test/support/model-grid.ts.
 */
function correlationExcess(
  stations: readonly Station[],
  arrivalRatePerS: number,
  { candidates }: SessionParameters,
  field: MeanField,
  levels: readonly LevelDistribution[],
): number {
  const vms = vmCountOf(stations);
  const k = Math.min(candidates, vms);
  const present = stations.reduce((sum, s, g) => sum + s.count * levels[g]!.inSystem, 0);
  const busyCores = stations.reduce((sum, s, g) => sum + (s.count * levels[g]!.throughputPerS) / s.coreRatePerS, 0);
  const utilization = arrivalRatePerS / capacityOf(stations);
  const excess =
    2.957 *
    field.full ** 1.746 *
    Math.max(0, 1 - field.full) ** 0.386 *
    ((k - 1) / vms) ** 0.314 *
    Math.max(0, 1 - busyCores / present) ** 0.344 *
    (1 - utilization) ** -0.67 *
    vms ** -0.966;
  return Math.min(2, excess);
}

/**
 * Session dispatch in mean field: a ticket names k VMs drawn by capacity without replacement; a VM holding `handOffAt` or
 * more hands the request to the next, the last keeps it. Sessions are many, so that each request sees a fresh draw.
 *
 * Every VM is taken as independent of the others (exact for C → ∞; Mitzenmacher 2001 for threshold policies): a VM below its
 * threshold receives λ Σ_{j<k} A_j, one at or above it λ A_{k-1}, with A_j the probability that it is drawn after exactly j others
 * that are all at or above theirs (`drawnAfterFull`).
 *
 * @returns undefined when some VM is overloaded
 */
function meanField(
  stations: readonly Station[],
  arrivalRatePerS: number,
  { candidates, threshold }: SessionParameters,
): MeanField | undefined {
  const k = Math.min(candidates, vmCountOf(stations));
  const shares = (full: readonly number[]) => {
    const after = stations.map((_, g) => drawnAfterFull(stations, full, g, k));
    const sums = after.map((a) => a.reduce((sum, x) => sum + x, 0));
    // Each request ends at one VM; the average depletion in `drawnAfterFull` keeps that to a few parts in a thousand.
    const total = stations.reduce(
      (sum, s, g) => sum + s.count * ((1 - full[g]!) * sums[g]! + full[g]! * after[g]![k - 1]!),
      0,
    );
    return { after, sums, total };
  };
  const ratesFor = (full: readonly number[]): ArrivalRates[] => {
    const { after, sums, total } = shares(full);
    const scale = arrivalRatePerS / total;
    return stations.map((s, g) => [
      ...Array.from({ length: handOffAt(threshold, s.servers) }, () => sums[g]! * scale),
      after[g]![k - 1]! * scale,
    ]);
  };
  // From empty VMs upwards the iteration rises to the least fixed point, nearly geometrically: every third step jumps
  // most of the way to the limit of that geometric sequence, never past it.
  let full: number[] = stations.map(() => 0);
  let steps: number[] = [];
  for (let i = 0; i < 500; i++) {
    const rates = ratesFor(full);
    const next = stations.map((s, g) => fullProbability(rates[g]!, s));
    const change = next.map((q, g) => q - full[g]!);
    if (change.every((c) => Math.abs(c) < 1e-10)) break;
    full = next.map((q, g) => {
      const ratio = i % 3 === 2 && steps[g]! > 0 ? change[g]! / steps[g]! : 0;
      const left = ratio > 0 && ratio < 1 ? (0.9 * change[g]! * ratio) / (1 - ratio) : 0;
      return Math.min(1, q + Math.min(left, (1 - q) / 2));
    });
    steps = change;
  }
  const rates = ratesFor(full);
  if (stations.some((s, g) => solveLevels(rates[g]!, s) === undefined)) return undefined;
  const { after, total } = shares(full);
  let handoffs = 0;
  stations.forEach((s, g) => {
    const below = after[g]!.reduce((sum, x, j) => sum + j * x, 0);
    handoffs += (s.count * ((1 - full[g]!) * below + full[g]! * (k - 1) * after[g]![k - 1]!)) / total;
  });
  const capacity = capacityOf(stations);
  const meanFull = stations.reduce((sum, s, g) => sum + s.count * s.capacityPerS * full[g]!, 0) / capacity;
  return { rates, handoffs, full: meanFull };
}

/** P(as many present as `rates` has levels below the last). */
function fullProbability(rates: ArrivalRates, station: Station): number {
  const levels = solveLevels(rates, station);
  if (levels === undefined) return 1;
  return Math.max(0, 1 - levels.probability.slice(0, rates.length - 1).reduce((sum, p) => sum + p, 0));
}

/**
 * A_0 ... A_{k-1} for one VM of group `own`: the probability that it comes after exactly j others, all of them full. Draws are by
 * capacity without replacement, and the VM drawn second comes last; what draws leave of each group is followed on average
 * (exact for equal VMs).
 */
function drawnAfterFull(stations: readonly Station[], full: readonly number[], own: number, k: number): number[] {
  const rate = stations[own]!.capacityPerS;
  const drawn = stations.map(() => 0);
  const left = () => stations.reduce((sum, s, h) => sum + s.capacityPerS * (s.count - drawn[h]!), 0);
  /** Draws another VM that is full (`only`), or any other. @returns how likely that is */
  const drawOther = (ownLeft: number, only: readonly number[] | null): number => {
    const all = left();
    const next = stations.map((s, h) => {
      const others = Math.max(0, s.count - drawn[h]! - (h === own ? ownLeft : 0));
      return (s.capacityPerS * others * (only === null ? 1 : only[h]!)) / all;
    });
    const chance = next.reduce((sum, x) => sum + x, 0);
    if (chance > 0) for (let h = 0; h < drawn.length; h++) drawn[h]! += next[h]! / chance;
    return chance;
  };
  const after = Array.from({ length: k }, () => 0);
  after[0] = rate / left();
  if (k === 1) return after;
  const first = drawOther(1, full);
  const asDrawn = [...drawn];
  // As the keeper: everybody else on the ticket is full.
  let keeper = (first * rate) / left();
  drawn[own]! += 1;
  for (let j = 1; j < k - 1 && keeper > 0; j++) keeper *= drawOther(0, full);
  after[k - 1] = keeper;
  // In between: the keeper is another, full or not.
  for (let h = 0; h < drawn.length; h++) drawn[h] = asDrawn[h]!;
  let chance = first * drawOther(1, null);
  for (let j = 1; j < k - 1 && chance > 0; j++) {
    after[j] = (chance * rate) / left();
    chance *= drawOther(1, full);
  }
  return after;
}
