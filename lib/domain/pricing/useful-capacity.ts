import type { Offer } from '../planner/types.ts';
import { limitedSharingResponseTimeS } from '../queueing/limited-sharing.ts';
import { stationOf } from '../queueing/station.ts';

/**
 * What one VM is worth to a mean response-time target: the most requests per second it may receive on its own (Poisson, exponential service) while it
 * meets the target. With one core that is e = μ - 1/(R - network), from E[T] = 1/(μ - λ); with more, M/M/m by bisection.
 *
 * @returns 0 when even a lone request takes too long
 */
export function usefulCapacityPerS(offer: Offer, targetS: number): number {
  const roomS = targetS - offer.networkS;
  if (!(roomS > 0)) return 0;
  if (offer.cores === 1) return Math.max(0, offer.serviceRatePerS - 1 / roomS);
  const station = stationOf({ ...offer, count: 1 });
  if (1 / station.coreRatePerS >= roomS) return 0;
  let low = 0;
  let high = station.capacityPerS;
  for (let i = 0; i < 60 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2;
    if (limitedSharingResponseTimeS(middle, station) > roomS) high = middle;
    else low = middle;
  }
  return low;
}
