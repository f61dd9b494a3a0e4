import { type ArrivalRates, solveLevels } from './birth-death.ts';
import type { Station } from './station.ts';

/** A complex number. */
export interface Complex {
  re: number;
  im: number;
}

/** Laplace-Stieltjes transform E[exp(-s T)] of the time T a request spends in a VM. */
export type SojournTransform = (s: Complex) => Complex;

/** Levels that arrivals find less often than this in sum are folded into the geometric tail. */
const TAIL_PROBABILITY = 1e-7;
const MAX_LEVELS = 3000;

/**
 * Time in one limited-sharing VM with exponential service and arrivals at `rates[n]`.
 *
 * A request in service among n others leaves at min(n+1, m) μ_core / min(n+1, N); conditioning on the next event gives a
 * tridiagonal system in n. From n = N-1 on all rates are constant, so that the system ends in a geometric solution, and a
 * request that finds n ≥ N waits for n-N+1 departures while others join behind it. Exact for constant arrivals (an
 * extension of Coffman, Muntz & Trotter 1970 to limited sharing); with state-dependent ones the rate is taken as
 * constant beyond N.
 *
 * @returns undefined when the VM is overloaded
 */
export function sojournTransform(rates: ArrivalRates, station: Station): SojournTransform | undefined {
  const { servers: m, sharingLimit: N, coreRatePerS, capacityPerS: D } = station;
  const found = arrivalDistribution(rates, station);
  if (found === undefined) return undefined;
  const rateAt = (n: number) => rates[Math.min(n, rates.length - 1)]!;
  const top = Math.min(N - 1, found.probability.length - 1);
  const lTop = meanRateFrom(top + 1, rates, station);
  const alphaRe = new Float64Array(top + 1);
  const alphaIm = new Float64Array(top + 1);
  const betaRe = new Float64Array(top + 1);
  const betaIm = new Float64Array(top + 1);
  return (s) => {
    // Beyond `top`: φ(n+1) - φ∞ = x (φ(n) - φ∞), x the root inside the unit circle of λx² - (s + D + λ)x + d = 0.
    const rTop = (Math.min(top + 1, m) * coreRatePerS) / Math.min(top + 1, N);
    const dTop = Math.min(top + 1, m) * coreRatePerS - rTop;
    const x = innerRoot(lTop, { re: s.re + rTop + dTop + lTop, im: s.im }, dTop);
    const never = divide({ re: rTop, im: 0 }, { re: s.re + rTop, im: s.im });
    for (let n = top; n >= 0; n--) {
      const busy = Math.min(n + 1, m) * coreRatePerS;
      const r = busy / Math.min(n + 1, N);
      const d = busy - r;
      const l = rateAt(n + 1);
      let denRe = s.re + busy + l;
      let denIm = s.im;
      let numRe = r;
      let numIm = 0;
      if (n === top) {
        denRe -= l * x.re;
        denIm -= l * x.im;
        numRe += l * (never.re * (1 - x.re) + never.im * x.im);
        numIm += l * (never.im * (1 - x.re) - never.re * x.im);
      } else {
        denRe -= l * betaRe[n + 1]!;
        denIm -= l * betaIm[n + 1]!;
        numRe += l * alphaRe[n + 1]!;
        numIm += l * alphaIm[n + 1]!;
      }
      const size = denRe * denRe + denIm * denIm;
      alphaRe[n] = (numRe * denRe + numIm * denIm) / size;
      alphaIm[n] = (numIm * denRe - numRe * denIm) / size;
      betaRe[n] = (d * denRe) / size;
      betaIm[n] = (-d * denIm) / size;
    }
    let re = 0;
    let im = 0;
    let phiRe = 0;
    let phiIm = 0;
    for (let n = 0; n <= top; n++) {
      const nextRe = alphaRe[n]! + betaRe[n]! * phiRe - betaIm[n]! * phiIm;
      phiIm = alphaIm[n]! + betaRe[n]! * phiIm + betaIm[n]! * phiRe;
      phiRe = nextRe;
      const p = found.probability[n]!;
      re += p * phiRe;
      im += p * phiIm;
    }
    if (found.probability.length <= N) return { re: re + found.tail * phiRe, im: im + found.tail * phiIm };
    // Those who find n ≥ N: φ∞ u^j + (φ(N-1) - φ∞) v^j with j = n-N+1 departures to wait for.
    const u = divide({ re: D, im: 0 }, { re: D + s.re, im: s.im });
    const v = divide({ re: D, im: 0 }, { re: D + s.re + lTop * (1 - x.re), im: s.im - lTop * x.im });
    const full = weightedPowers(found.probability, N, found.ratio, found.tail, u);
    const moving = weightedPowers(found.probability, N, found.ratio, found.tail, v);
    const gapRe = phiRe - never.re;
    const gapIm = phiIm - never.im;
    return {
      re: re + never.re * full.re - never.im * full.im + gapRe * moving.re - gapIm * moving.im,
      im: im + never.re * full.im + never.im * full.re + gapRe * moving.im + gapIm * moving.re,
    };
  };
}

/** Mean arrival rate while `first` or more are present: what joins behind a request that waits. */
function meanRateFrom(first: number, rates: ArrivalRates, station: Station): number {
  const rateAt = (n: number) => rates[Math.min(n, rates.length - 1)]!;
  if (first >= rates.length - 1) return rateAt(first);
  let weight = 1;
  let sum = 0;
  let flow = 0;
  for (let n = first; n < rates.length; n++) {
    const beyond = n === rates.length - 1 ? 1 / (1 - rateAt(n) / station.capacityPerS) : 1;
    sum += weight * beyond;
    flow += weight * beyond * rateAt(n);
    weight *= rateAt(n) / (Math.min(n + 1, station.servers) * station.coreRatePerS);
    if (weight > 1e200) {
      sum /= weight;
      flow /= weight;
      weight = 1;
    }
  }
  return flow / sum;
}

interface ArrivalDistribution {
  /** P(an arrival finds n present). */
  probability: number[];
  /** Mass beyond the listed levels and its decay. */
  tail: number;
  ratio: number;
}

/** What arrivals find: proportional to λ(n) P(n), not to P(n). */
function arrivalDistribution(rates: ArrivalRates, station: Station): ArrivalDistribution | undefined {
  const levels = solveLevels(rates, station);
  if (levels === undefined) return undefined;
  const rateAt = (n: number) => rates[Math.min(n, rates.length - 1)]!;
  const probability = levels.probability.map((p, n) => (p * rateAt(n)) / levels.throughputPerS);
  const ratio = levels.tailRatio;
  let last = probability[probability.length - 1]!;
  while ((last * ratio) / (1 - ratio) > TAIL_PROBABILITY && probability.length < MAX_LEVELS) {
    if (probability.length > station.sharingLimit) break;
    last *= ratio;
    probability.push(last);
  }
  return { probability, tail: (last * ratio) / (1 - ratio), ratio };
}

/** Σ over n ≥ N of p(n) z^(n-N+1), the geometric tail included. */
function weightedPowers(p: readonly number[], N: number, ratio: number, tail: number, z: Complex): Complex {
  let re = 0;
  let im = 0;
  let powerRe = 1;
  let powerIm = 0;
  for (let n = N; n < p.length; n++) {
    const next = powerRe * z.re - powerIm * z.im;
    powerIm = powerRe * z.im + powerIm * z.re;
    powerRe = next;
    re += p[n]! * powerRe;
    im += p[n]! * powerIm;
  }
  // tail: Σ_{i≥1} tail (1-ratio) ratio^(i-1) z^i, times the last power
  const geometric = divide(
    { re: tail * (1 - ratio) * z.re, im: tail * (1 - ratio) * z.im },
    { re: 1 - ratio * z.re, im: -ratio * z.im },
  );
  return {
    re: re + powerRe * geometric.re - powerIm * geometric.im,
    im: im + powerRe * geometric.im + powerIm * geometric.re,
  };
}

/** The root of least modulus of l x² - b x + d = 0, as 2d/(b + √(b² - 4ld)) with the larger denominator. */
function innerRoot(l: number, b: Complex, d: number): Complex {
  if (d === 0) return { re: 0, im: 0 };
  const re = b.re * b.re - b.im * b.im - 4 * l * d;
  const im = 2 * b.re * b.im;
  const size = Math.hypot(re, im);
  let rootRe = Math.sqrt((size + re) / 2);
  let rootIm = Math.sqrt((size - re) / 2) * (im < 0 ? -1 : 1);
  if (rootRe * b.re + rootIm * b.im < 0) {
    rootRe = -rootRe;
    rootIm = -rootIm;
  }
  return divide({ re: 2 * d, im: 0 }, { re: b.re + rootRe, im: b.im + rootIm });
}

function divide(a: Complex, b: Complex): Complex {
  const size = b.re * b.re + b.im * b.im;
  return { re: (a.re * b.re + a.im * b.im) / size, im: (a.im * b.re - a.re * b.im) / size };
}
