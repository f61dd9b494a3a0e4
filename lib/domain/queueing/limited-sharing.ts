import type { Station } from './station.ts';

/** Mean numbers of requests at one VM; divided by its arrival rate they are mean times (Little's law). */
export interface MeanNumbers {
  /** E[n]: present, in service or waiting. */
  inSystem: number;
  /** E[(n - N)+]: waiting outside the sharing limit. */
  waiting: number;
}

/**
 * One VM with Poisson arrivals and exponential service, M/M/m-LPS(N): exact.
 *
 * The number present is that of M/M/m whatever N, so with one core these are the OaaS paper's equations 1-3:
 * E[S] = (1 - ρ^N)/(μ - λ), E[W] = ρ^N/(μ - λ), E[T] = 1/(μ - λ).
 *
 * @param arrivalRatePerS λ of this VM
 * @returns infinite numbers when λ ≥ m μ_core
 */
export function limitedSharingNumbers(arrivalRatePerS: number, station: Station): MeanNumbers {
  const rho = arrivalRatePerS / station.capacityPerS;
  if (rho >= 1) return { inSystem: Infinity, waiting: Infinity };
  const beyondCores = (erlangC(station.servers, arrivalRatePerS / station.coreRatePerS) * rho) / (1 - rho);
  return {
    inSystem: arrivalRatePerS / station.coreRatePerS + beyondCores,
    waiting: beyondCores * rho ** (station.sharingLimit - station.servers),
  };
}

/**
 * Mean response time of one M/M/m-LPS VM without its network time, in seconds; the time of a lone request when λ = 0.
 */
export function limitedSharingResponseTimeS(arrivalRatePerS: number, station: Station): number {
  const rho = arrivalRatePerS / station.capacityPerS;
  if (rho >= 1) return Infinity;
  const delayed = erlangC(station.servers, arrivalRatePerS / station.coreRatePerS);
  return 1 / station.coreRatePerS + delayed / (station.capacityPerS - arrivalRatePerS);
}

/**
 * Erlang's delay formula: the probability that all `servers` are busy, by the stable recursion for Erlang's B.
 *
 * @param offeredLoad λ / μ_core, less than `servers`
 */
export function erlangC(servers: number, offeredLoad: number): number {
  let blocked = 1;
  for (let k = 1; k <= servers; k++) blocked = (offeredLoad * blocked) / (k + offeredLoad * blocked);
  const rho = offeredLoad / servers;
  return blocked / (1 - rho * (1 - blocked));
}

/**
 * Derivative of E[n] by λ, in seconds: what one more request per second at this VM costs all of its requests.
 * With L = a + C ρ/(1-ρ), C Erlang's delay formula and its derivative from B' = B (m/a - 1 + B).
 */
export function marginalDelayS(arrivalRatePerS: number, station: Station): number {
  const { servers: m, coreRatePerS } = station;
  const a = arrivalRatePerS / coreRatePerS;
  const rho = a / m;
  if (rho >= 1) return Infinity;
  if (arrivalRatePerS <= 0) return 1 / coreRatePerS;
  const c = erlangC(m, a);
  // C = m B / (m - a (1 - B)), solved for B.
  const b = (c * (1 - rho)) / (1 - rho * c);
  const db = b * (m / a - 1 + b);
  const denominator = m - a * (1 - b);
  const dc = (m * db) / denominator - (m * b * (a * db - (1 - b))) / denominator ** 2;
  const queue = rho / (1 - rho);
  const dQueue = 1 / (m * (1 - rho) ** 2);
  return (1 + dc * queue + c * dQueue) / coreRatePerS;
}
