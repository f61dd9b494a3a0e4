import { solvePool } from './jsq-chain.ts';
import { occupyGroups } from './jsq-groups.ts';
import type { GroupLoad, PoolLoad } from './pool-load.ts';
import { staticLoad } from './static-load.ts';
import { capacityOf, type Station, vmCountOf } from './station.ts';

/**
 * A pool under JSQ: every request goes to the VM with the least networkS + (n+1)/(min(n+1, m) μ_core), ties uniform.
 *
 * @returns undefined when λ ≥ Σ m μ_core
 */
export function jsqLoad(stations: readonly Station[], arrivalRatePerS: number): PoolLoad | undefined {
  if (arrivalRatePerS >= capacityOf(stations)) return undefined;
  if (vmCountOf(stations) === 1) return staticLoad(stations, arrivalRatePerS, 'even');
  const chain = solvePool(stations, arrivalRatePerS);
  const occupied = occupyGroups(stations, arrivalRatePerS, chain);
  // The groups' shares come from one common stray, the total from the bends' own: scaled to agree with it.
  const flow = stations.reduce((sum, s, g) => sum + s.count * occupied[g]!.throughputPerS, 0);
  const number = stations.reduce((sum, s, g) => sum + s.count * occupied[g]!.inSystem, 0);
  const stretch = (chain.inSystem / arrivalRatePerS) * (flow / number);
  const groups = occupied.map((o, g): GroupLoad => {
    const idle = o.throughputPerS < 1e-12 * flow;
    return {
      arrivalRatePerS: idle ? 0 : (o.throughputPerS * arrivalRatePerS) / flow,
      sojournS: idle ? 1 / stations[g]!.coreRatePerS : (o.inSystem / o.throughputPerS) * stretch,
      waitingS: idle ? 0 : (o.waiting / o.throughputPerS) * stretch,
      handoffS: 0,
      rates: o.rates,
    };
  });
  return { groups, method: 'approximation', errorBoundPct: 8 };
}
