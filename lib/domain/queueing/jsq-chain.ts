import { type Band, type Filling, fillPool } from './jsq-filling.ts';
import { imbalanceAt } from './jsq-imbalance.ts';
import { capacityOf, type Station, vmCountOf } from './station.ts';

/** Number in the whole pool under JSQ. */
export interface PoolChain {
  filling: Filling;
  /** P(K in the pool), K = 0 ... length-1; beyond, it decays by `tailRatio`. */
  probability: Float64Array;
  tailRatio: number;
  /** E[K]. */
  inSystem: number;
}

const NEGLIGIBLE = 1e-13;
const MOST_LEVELS = 5000;

/**
 * The number K in a pool is a birth-death process in the long run: level crossings give λ P(K) = μ(K+1) P(K+1) exactly,
 * with μ(K) the mean completion rate given K. That rate is taken from the balanced filling of the pool, smoothed at each
 * bend by the imbalance kernel. With one VM there is no imbalance and the chain is exact.
 *
 * After Gupta, Harchol-Balter, Sigman & Whitt 2007 (JSQ/PS as one queue with state-dependent arrivals), turned from the
 * queue to the pool; generalised JSQ on different speeds as in Selen, Adan & Kapodistria, arXiv 1509.05533.
 *
 * @param arrivalRatePerS λ, less than the pool's capacity
 */
export function solvePool(stations: readonly Station[], arrivalRatePerS: number): PoolChain {
  const filling = fillEnough(stations, arrivalRatePerS);
  const balanced = completionRates(filling.bands, filling.end);
  const rates = vmCountOf(stations) === 1 ? balanced : strayRates(filling, balanced, arrivalRatePerS);
  const beyond = filling.saturated ? capacityOf(stations) : rates[rates.length - 1]!;
  return { filling, ...solveChain(rates, arrivalRatePerS, arrivalRatePerS / beyond) };
}

/** Fills until neither more requests nor the bends still ahead matter. */
function fillEnough(stations: readonly Station[], arrivalRatePerS: number): Filling {
  const capacity = capacityOf(stations);
  const vms = vmCountOf(stations);
  let weight = 1;
  let sum = 1;
  let rate = 0;
  let saturatedAt = Number.POSITIVE_INFINITY;
  let stop = Number.POSITIVE_INFINITY;
  return fillPool(stations, (band, after) => {
    for (let i = 0; i < band.places; i++) {
      rate += band.ratePerPlace;
      weight *= arrivalRatePerS / rate;
      sum += weight;
      if (sum > 1e200) {
        weight /= sum;
        sum = 1;
      }
    }
    const end = band.start + band.places;
    if (after >= capacity * (1 - 1e-12)) saturatedAt = Math.min(saturatedAt, end);
    // A third further than K gets, for the bends whose smoothing reaches down to where K still happens.
    if (rate > arrivalRatePerS && weight < NEGLIGIBLE * sum) stop = Math.min(stop, end * 1.3 + 10);
    stop = Math.min(stop, saturatedAt + 8 * vms + 40);
    return end >= stop && (weight < 1e-4 * sum || end > 20 * stop + MOST_LEVELS);
  });
}

/** μ(K) of the balanced filling, K = 0 ... last. */
function completionRates(bands: readonly Band[], last: number): Float64Array {
  const rates = new Float64Array(last + 1);
  let k = 0;
  let rate = 0;
  for (const band of bands) {
    for (let i = 0; i < band.places && k < last; i++) {
      rate += band.ratePerPlace;
      rates[++k] = rate;
    }
  }
  rates.fill(rate, k + 1);
  return rates;
}

function strayRates(filling: Filling, balanced: Float64Array, arrivalRatePerS: number): Float64Array {
  const rates = Float64Array.from(balanced);
  const holes = holesBelow(filling, balanced, arrivalRatePerS);
  filling.kinks.forEach((kink, i) => {
    const { height, above, below } = imbalanceAt(kink, arrivalRatePerS, holes[i]!);
    const negligible = 1e-9 * height * Math.abs(kink.slopeChange);
    let change = kink.slopeChange * height;
    for (let k = kink.at; k < rates.length && Math.abs(change) > negligible; k++) {
      rates[k]! += change;
      change *= above;
    }
    change = kink.slopeChange * height * below;
    for (let k = kink.at - 1; k > 0 && Math.abs(change) > negligible; k--) {
      rates[k]! += change;
      change *= below;
    }
  });
  const capacity = balanced[balanced.length - 1]!;
  // Someone is always served, and nothing works faster than everything.
  for (let k = 1; k < rates.length; k++) {
    rates[k] = Math.min(capacity, Math.max(rates[k]!, 0.05 * balanced[k]!));
  }
  return rates;
}

/** Mean number of free places below each bend, were the pool cut off there. */
function holesBelow(filling: Filling, balanced: Float64Array, arrivalRatePerS: number): number[] {
  const holes: number[] = [];
  let weight = 1;
  let sum = 1;
  let first = 0;
  let k = 0;
  for (const kink of filling.kinks) {
    while (k < kink.at) {
      k++;
      weight *= arrivalRatePerS / balanced[k]!;
      sum += weight;
      first += k * weight;
      if (sum > 1e200) {
        weight /= sum;
        first /= sum;
        sum = 1;
      }
    }
    holes.push(kink.at - first / sum);
  }
  return holes;
}

function solveChain(rates: Float64Array, arrivalRatePerS: number, tailRatio: number): Omit<PoolChain, 'filling'> {
  const probability = new Float64Array(rates.length);
  // Started at the level where births and deaths balance, so that nothing overflows.
  let top = 1;
  while (top < rates.length - 1 && rates[top]! < arrivalRatePerS) top++;
  probability[top] = 1;
  let sum = 1;
  let mean = top;
  for (let k = top - 1; k >= 0; k--) {
    const p = (probability[k + 1]! * rates[k + 1]!) / arrivalRatePerS;
    if (p < 1e-18 * sum) break;
    probability[k] = p;
    sum += p;
    mean += k * p;
  }
  let last = top;
  for (let k = top + 1; k < rates.length; k++) {
    const p = (probability[k - 1]! * arrivalRatePerS) / rates[k]!;
    probability[k] = p;
    sum += p;
    mean += k * p;
    last = k;
  }
  const tail = (probability[last]! * tailRatio) / (1 - tailRatio);
  sum += tail;
  mean += tail * (last + 1 / (1 - tailRatio));
  for (let k = 0; k < probability.length; k++) probability[k] = probability[k]! / sum;
  return { probability, tailRatio, inSystem: mean / sum };
}
