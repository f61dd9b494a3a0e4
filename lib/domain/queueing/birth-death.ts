import type { MeanNumbers } from './limited-sharing.ts';
import type { Station } from './station.ts';

/** Arrival rate a VM sees while n are present: one value per n, and the last one for all greater n. */
export type ArrivalRates = readonly number[];

/** Stationary behaviour of one VM whose arrivals depend on the number present. */
export interface LevelDistribution extends MeanNumbers {
  /** P(n present), n = 0 ... length-1. */
  probability: number[];
  /** P(n+1)/P(n) from the last listed level on. */
  tailRatio: number;
  throughputPerS: number;
}

/**
 * Solves the birth-death chain of one VM: arrivals at `rates[n]`, completions at min(n, m) μ_core. Exact for exponential
 * service (the number present does not depend on N).
 *
 * @returns undefined when the chain has no stationary distribution (last rate ≥ m μ_core)
 */
export function solveLevels(rates: ArrivalRates, station: Station): LevelDistribution | undefined {
  const last = Math.max(rates.length - 1, station.servers);
  const tailRatio = rates[rates.length - 1]! / station.capacityPerS;
  if (!(tailRatio < 1)) return undefined;
  const probability: number[] = [1];
  let sum = 1;
  for (let n = 1; n <= last; n++) {
    const up = rates[Math.min(n - 1, rates.length - 1)]!;
    const next = (probability[n - 1]! * up) / (Math.min(n, station.servers) * station.coreRatePerS);
    probability.push(next);
    sum += next;
    if (sum > 1e200) {
      for (let i = 0; i <= n; i++) probability[i] = probability[i]! / sum;
      sum = 1;
    }
  }
  const tail = (probability[last]! * tailRatio) / (1 - tailRatio);
  sum += tail;
  let inSystem = 0;
  let waiting = 0;
  let busy = 0;
  for (let n = 0; n <= last; n++) {
    const p = probability[n]! / sum;
    probability[n] = p;
    inSystem += n * p;
    waiting += Math.max(0, n - station.sharingLimit) * p;
    busy += Math.min(n, station.servers) * p;
  }
  const beyond = tail / sum;
  const meanExcess = 1 / (1 - tailRatio);
  inSystem += beyond * (last + meanExcess);
  const short = Math.max(0, station.sharingLimit - last);
  // E[(n - N)+] over the geometric tail n = last + 1, last + 2, ...
  waiting += short > 0 ? beyond * tailRatio ** short * meanExcess : beyond * (last - station.sharingLimit + meanExcess);
  return {
    probability,
    tailRatio,
    inSystem,
    waiting,
    throughputPerS: (busy + beyond * station.servers) * station.coreRatePerS,
  };
}
