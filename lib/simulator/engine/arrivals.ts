import { type DemandSpec, demandSampler } from './demand.ts';
import { ExponentialStream, Stream } from './rng.ts';

/** How requests arrive. */
export type ArrivalSpec =
  | { process: 'poisson'; ratePerS: number }
  /** Independent gaps of any distribution with mean 1/ratePerS. */
  | { process: 'renewal'; ratePerS: number; gap: DemandSpec }
  /**
   * A rate that is constant within each slot; ends with the last slot. `gap` is the distribution between arrivals in the time
   * that makes the rate even; exponential, which is Poisson, unless said. The first slot begins at `startS` (≤ 0, default 0).
   */
  | { process: 'slots'; ratesPerS: readonly number[]; slotS: number; startS?: number; gap?: DemandSpec }
  /** The times of a recorded trace, ascending seconds. */
  | { process: 'times'; timesS: ArrayLike<number> };

/** Gives ascending arrival times in seconds; Infinity when no more come. */
export interface ArrivalSource {
  next(): number;
}

export function arrivalSource(spec: ArrivalSpec, seed: number, replication: number): ArrivalSource {
  switch (spec.process) {
    case 'poisson':
      return new RenewalSource(new ExponentialStream(seed, replication, Stream.arrivals), spec.ratePerS);
    case 'renewal':
      return new RenewalSource(demandSampler(spec.gap, seed, replication, Stream.arrivals), spec.ratePerS);
    case 'slots':
      return new SlotSource(
        demandSampler(spec.gap ?? { distribution: 'exponential' }, seed, replication, Stream.arrivals),
        spec.ratesPerS,
        spec.slotS,
        spec.startS ?? 0,
      );
    case 'times': {
      let i = 0;
      const { timesS } = spec;
      return { next: () => (i < timesS.length ? timesS[i++]! : Number.POSITIVE_INFINITY) };
    }
  }
}

class RenewalSource implements ArrivalSource {
  private readonly meanGapS: number;
  private atS = 0;
  private readonly gaps: { next(): number };
  constructor(gaps: { next(): number }, ratePerS: number) {
    this.gaps = gaps;
    this.meanGapS = ratePerS > 0 ? 1 / ratePerS : Number.POSITIVE_INFINITY;
  }
  next(): number {
    this.atS += this.gaps.next() * this.meanGapS;
    return this.atS;
  }
}

/** Inverts the integrated rate: exact for a piecewise constant rate, and one exponential per request. */
class SlotSource implements ArrivalSource {
  private readonly unit: { next(): number };
  private readonly rates: readonly number[];
  private readonly slotS: number;
  private slot = 0;
  private atS: number;
  constructor(unit: { next(): number }, rates: readonly number[], slotS: number, startS: number) {
    this.unit = unit;
    this.rates = rates;
    this.slotS = slotS;
    this.atS = startS;
  }
  next(): number {
    let hazard = this.unit.next();
    while (this.slot < this.rates.length) {
      const rate = this.rates[this.slot]!;
      const endS = (this.slot + 1) * this.slotS;
      const left = (endS - this.atS) * rate;
      if (hazard < left) {
        this.atS += hazard / rate;
        return this.atS;
      }
      hazard -= left;
      this.atS = endS;
      this.slot++;
    }
    return Number.POSITIVE_INFINITY;
  }
}
