import { type ArrivalRates, solveLevels } from './birth-death.ts';
import type { MeanNumbers } from './limited-sharing.ts';
import type { Station } from './station.ts';

/** What a VM under cyclic dispatch looks like; see {@link roundRobinVm}. */
export interface RoundRobinVm extends MeanNumbers {
  /** ω: ratio of the geometric number in system beyond the cores. */
  decay: number;
}

/**
 * One VM of a pool with cyclic dispatch: every C-th request of a Poisson stream, E_C/M/m-LPS(N). Exact.
 *
 * Takács, *Introduction to the Theory of Queues* (1962), chapter 2 (GI/M/m): arrivals find n ≥ m-1 present with
 * probability A ω^(n-m), ω the root of ω = φ(m μ (1-ω)), φ the transform of the interarrival time. Waiting outside the
 * sharing limit is the part of that geometric tail beyond N.
 *
 * @param arrivalRatePerS of the whole pool
 * @param vms C, the number of VMs in the cycle
 */
export function roundRobinVm(arrivalRatePerS: number, vms: number, station: Station): RoundRobinVm {
  const { servers: m, coreRatePerS: mu, capacityPerS } = station;
  const own = arrivalRatePerS / vms;
  if (own >= capacityPerS) return { inSystem: Infinity, waiting: Infinity, decay: 1 };
  const transform = (s: number) => Math.exp(-vms * Math.log1p(s / arrivalRatePerS));
  const decay = rootOfDecay((omega) => transform(capacityPerS * (1 - omega)));
  const amplitude = takacsAmplitude(m, decay, (j) => transform(j * mu));
  const beyondCores = (own * amplitude) / (capacityPerS * (1 - decay) ** 2);
  return {
    inSystem: own / mu + beyondCores,
    waiting: beyondCores * decay ** (station.sharingLimit - m),
    decay,
  };
}

/** The root below 1 of ω = f(ω), f convex and increasing with f(1) = 1 and f'(1) > 1, by bisection on f(ω) - ω. */
function rootOfDecay(f: (omega: number) => number): number {
  let low = 0;
  let high = 1;
  // Left of the root f(ω) > ω, right of it (short of 1) f(ω) < ω.
  for (let i = 0; i < 100 && high - low > 1e-16 + 1e-14 * low; i++) {
    const middle = (low + high) / 2;
    if (f(middle) > middle) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Takács' constant A. Its quotient (m(1-φ_j) - j)/(m(1-ω) - j) has a removable singularity where m(1-ω) = j, there its
 * limit 1 + m μ φ'(j μ) is taken.
 */
function takacsAmplitude(m: number, decay: number, phi: (j: number) => number): number {
  const root = m * (1 - decay);
  let sum = 1 / (1 - decay);
  // C(m, j) / C_j with C_j = Π φ_i/(1-φ_i): kept as one running product, both factors overflow on their own.
  let ratio = 1;
  for (let j = 1; j <= m; j++) {
    const p = phi(j);
    ratio *= (((m - j + 1) / j) * (1 - p)) / p;
    const step = 1e-5;
    const quotient =
      Math.abs(root - j) > step
        ? (m * (1 - p) - j) / (root - j)
        : 1 + (m * (phi(j + step) - phi(j - step))) / (2 * step);
    sum += (ratio / (1 - p)) * quotient;
  }
  return 1 / sum;
}

/**
 * State-dependent Poisson rates under which a VM has (nearly) the number in system that cyclic dispatch gives it: beyond
 * the cores λ(n) = ω m μ_core reproduces the geometric tail, below them one rate that keeps the throughput right.
 */
export function roundRobinRates(ownRatePerS: number, decay: number, station: Station): ArrivalRates {
  const beyond = decay * station.capacityPerS;
  if (station.servers === 1) {
    // P(0) = 1 - ρ fixes the first ratio: P(1)/P(0) = ρ (1-ω)/(1-ρ).
    const rho = ownRatePerS / station.capacityPerS;
    return [(station.capacityPerS * rho * (1 - decay)) / (1 - rho), beyond];
  }
  const at = (below: number) => [...Array.from({ length: station.servers - 1 }, () => below), beyond];
  let low = 0;
  let high = station.capacityPerS * station.servers;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (solveLevels(at(middle), station)!.throughputPerS < ownRatePerS) low = middle;
    else high = middle;
  }
  return at(high);
}
