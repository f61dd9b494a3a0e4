import type { ArrivalRates } from './birth-death.ts';
import type { PoolChain } from './jsq-chain.ts';
import { type Imbalance, poolImbalance } from './jsq-imbalance.ts';
import { capacityOf, type Station } from './station.ts';

/** Levels rarer than this are taken as this rare: differences of probabilities are not more exact. */
const RARE = 1e-13;

/** One VM of a group under JSQ. */
export interface GroupOccupancy {
  inSystem: number;
  waiting: number;
  throughputPerS: number;
  rates: ArrivalRates;
}

/**
 * Splits the number in the pool over the groups: a VM's level follows the filling order at K plus the pool's stray, so
 * that each band is filled to E[min(places, (K + Z - start)+)] / places.
 */
export function occupyGroups(
  stations: readonly Station[],
  arrivalRatePerS: number,
  chain: PoolChain,
): GroupOccupancy[] {
  const { bands } = chain.filling;
  const vms = vmsInUse(stations, chain);
  const excess = meanExcess(chain, poolImbalance(vms, arrivalRatePerS / capacityOf(stations)));
  const cores = stations.map(() => 0);
  const beyond: number[][] = stations.map(() => []);
  for (const band of bands) {
    const end = Math.min(band.start + band.places, excess.length - 1);
    const filled = Math.max(0, (excess[Math.min(band.start, end)]! - excess[end]!) / band.places);
    for (const member of band.members) {
      if (member.idleCores) cores[member.group] = Math.min(1, filled);
      else beyond[member.group]!.push(filled);
    }
  }
  return stations.map((station, g) => occupancyOf(station, cores[g]!, beyond[g]!, chain.filling.saturated));
}

/** VMs whose turn has come by the mean number in the pool. */
function vmsInUse(stations: readonly Station[], chain: PoolChain): number {
  let vms = 0;
  for (const band of chain.filling.bands) {
    if (vms > 0 && band.start > chain.inSystem) break;
    for (const member of band.members) if (member.idleCores) vms += stations[member.group]!.count;
  }
  return vms;
}

/** E[(K + Z - x)+] for x = 0, 1, ...; at x = 0 it is E[K]. */
function meanExcess(chain: PoolChain, imbalance: Imbalance): Float64Array {
  const { probability, tailRatio } = chain;
  const last = probability.length - 1;
  const excess = new Float64Array(last + 1);
  const tail = (probability[last]! * tailRatio) / (1 - tailRatio);
  let mass = tail;
  let sum = tail / (1 - tailRatio);
  let above = (tail * (1 - tailRatio) * imbalance.above) / (1 - tailRatio * imbalance.above);
  for (let x = last; x >= 0; x--) {
    above = above * (x === last ? 1 : imbalance.above) + probability[x]!;
    excess[x] = sum + imbalance.height * above;
    mass += probability[x]!;
    sum += mass;
  }
  let below = 0;
  for (let x = 0; x <= last; x++) {
    excess[x] = excess[x]! + imbalance.height * below;
    below = (below + probability[x]!) * imbalance.below;
  }
  excess[0] = chain.inSystem;
  return excess;
}

/**
 * @param filled mean share of the VM's cores that are busy
 * @param listed P(n > m), P(n > m+1), ...
 * @param saturated whether the list ends for lack of levels, not of probability
 */
function occupancyOf(station: Station, filled: number, listed: readonly number[], saturated: boolean): GroupOccupancy {
  const { servers: m, coreRatePerS, capacityPerS, sharingLimit } = station;
  const throughputPerS = filled * capacityPerS;
  // Bands of several groups alternate unevenly in K; a VM's own levels do not.
  const beyond = listed.map((p, i) =>
    i === 0 || i === listed.length - 1 ? p : (listed[i - 1]! + 2 * p + listed[i + 1]!) / 4,
  );
  const queue = beyond.reduce((sum, p) => sum + p, 0);
  const waiting = beyond.slice(Math.max(0, sharingLimit - m)).reduce((sum, p) => sum + p, 0);
  const full = Math.min(beyond[0] ?? 0, (1 - RARE) * filled);
  const { belowRate, atCores } = idleCoreLevels(m, (m * (filled - full)) / Math.max(RARE, 1 - full));
  const rates: number[] = Array.from({ length: m }, () => belowRate * coreRatePerS);
  let here = atCores * (1 - full);
  // The last listed level stands for all beyond it: unless it is as good as empty it gives no ratio.
  const closed = !saturated || (beyond[beyond.length - 1] ?? 0) < 1e-7;
  const levels = closed ? beyond.length : beyond.length - 1;
  for (let i = 0; i < levels; i++) {
    if (beyond[i]! < 1e-9) break;
    const next = Math.max(RARE, beyond[i]! - (beyond[i + 1] ?? 0));
    rates.push((next / Math.max(RARE, here)) * capacityPerS);
    here = next;
  }
  // Far out the ratio settles; a closing rate of zero ends a list that came to its end.
  if (closed || rates.length === m || rates[rates.length - 1]! >= capacityPerS) rates.push(0);
  return { inSystem: m * filled + queue, waiting, throughputPerS, rates };
}

/** Truncated Poisson on 0 ... m with the given mean: its parameter and the probability of m. */
function idleCoreLevels(m: number, mean: number): { belowRate: number; atCores: number } {
  if (m === 1) return { belowRate: mean / Math.max(1e-12, 1 - mean), atCores: mean };
  // mean = a (1 - B(m, a)), increasing in a.
  const blocking = (a: number) => {
    let b = 1;
    for (let k = 1; k <= m; k++) b = (a * b) / (k + a * b);
    return b;
  };
  let low = 0;
  let high = mean + 1;
  while (high * (1 - blocking(high)) < mean && high < 1e6) high *= 2;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (middle * (1 - blocking(middle)) < mean) low = middle;
    else high = middle;
  }
  return { belowRate: high, atCores: blocking(high) };
}
