import { marginalDelayS } from './limited-sharing.ts';
import { capacityOf, type Station, vmCountOf } from './station.ts';

export type StaticPolicy = 'even' | 'capacity' | 'sqrt';

/**
 * Arrival rate per VM of each group under a static random split p_i of a Poisson stream.
 *
 * - `even`: p_i = 1/C (OaaS paper, equations 4-7).
 * - `capacity`: p_i = μ_i/Σμ (equations 8-10), with μ_i the VM's usable rate min(c, N) μ_core.
 * - `sqrt`: the split that minimises the mean response time, network included, for exponential service.
 *
 * @returns rates in requests per second, one per group; they add up to λ over all VMs
 */
export function splitArrivalRate(
  stations: readonly Station[],
  arrivalRatePerS: number,
  policy: StaticPolicy,
): number[] {
  switch (policy) {
    case 'even':
      return stations.map(() => arrivalRatePerS / vmCountOf(stations));
    case 'capacity': {
      const capacity = capacityOf(stations);
      return stations.map((s) => (arrivalRatePerS * s.capacityPerS) / capacity);
    }
    case 'sqrt':
      return optimalSplit(stations, arrivalRatePerS);
  }
}

/**
 * The best static split equalises the marginal delay d(λ_i E[T_i])/dλ_i over the VMs it uses and leaves out those whose
 * marginal delay is higher when empty. For M/M/1 that is λ_i = μ_i - √μ_i (Σμ - λ)/Σ√μ over the VMs kept on.
 * An overloaded pool is split by capacity, so that every VM shows the same overload.
 */
function optimalSplit(stations: readonly Station[], arrivalRatePerS: number): number[] {
  if (arrivalRatePerS >= capacityOf(stations)) return splitArrivalRate(stations, arrivalRatePerS, 'capacity');
  const closedForm = stations.every((s) => s.servers === 1);
  const rateAt = closedForm ? singleCoreRateAt : rateAtMarginalDelay;
  const total = (price: number) => stations.reduce((sum, s) => sum + s.count * rateAt(s, price), 0);
  let low = Math.min(...stations.map((s) => s.networkS + 1 / s.coreRatePerS));
  let high = low * 2 + Math.max(...stations.map((s) => s.networkS));
  while (total(high) < arrivalRatePerS) high = high * 2;
  for (let i = 0; i < 100 && high - low > 1e-13 * high; i++) {
    const middle = (low + high) / 2;
    if (total(middle) < arrivalRatePerS) low = middle;
    else high = middle;
  }
  // The marginal delay of a VM with many cores hardly rises at first: between two prices that can't be told apart its rate may jump. What is
  // missing at the lower price is taken in the proportion of the jumps, so that the others keep theirs.
  const [below, above] = [low, high].map((price) => stations.map((s) => rateAt(s, price))) as [number[], number[]];
  const sum = (rates: readonly number[]) => stations.reduce((acc, s, i) => acc + s.count * rates[i]!, 0);
  const jump = sum(above) - sum(below);
  const share = jump > 0 ? (arrivalRatePerS - sum(below)) / jump : 1;
  return below.map((rate, i) => rate + share * (above[i]! - rate));
}

/** Inverse of network + μ/(μ-λ)² at the given marginal delay. */
function singleCoreRateAt(station: Station, marginalS: number): number {
  const own = marginalS - station.networkS;
  const mu = station.capacityPerS;
  return own * mu <= 1 ? 0 : mu - Math.sqrt(mu / own);
}

function rateAtMarginalDelay(station: Station, marginalS: number): number {
  if (station.servers === 1) return singleCoreRateAt(station, marginalS);
  const own = marginalS - station.networkS;
  if (own * station.coreRatePerS <= 1) return 0;
  let low = 0;
  let high = station.capacityPerS;
  for (let i = 0; i < 60 && high - low > 1e-14 * high; i++) {
    const middle = (low + high) / 2;
    if (marginalDelayS(middle, station) < own) low = middle;
    else high = middle;
  }
  return low;
}
