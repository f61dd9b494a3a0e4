import type { GroupLoad, PoolLoad } from './pool-load.ts';
import type { Station } from './station.ts';

/**
 * Corrects a load computed for exponential service for another squared coefficient of variation (SCV) of the demand.
 *
 * Processor sharing without waiting is insensitive to the distribution, so only the time outside the sharing limit
 * changes: it is multiplied by (ca² + scv)/(ca² + 1), ca² the SCV of the VM's interarrival times. For one core that is
 * Avi-Itzhak & Halfin 1988 (M/G/1-LPS: E[T] = (1 + (scv-1)/2 ρ^N)/(μ-λ)), which joins Pollaczek-Khinchine at N = 1 and
 * insensitivity at N = ∞; for N ≤ c it is Lee & Longton's M/G/c.
 *
 * @param arrivalScv 1 for Poisson arrivals, 1/C under round robin
 */
export function withServiceScv(
  load: PoolLoad,
  stations: readonly Station[],
  serviceScv: number,
  arrivalScv: number,
): PoolLoad {
  if (serviceScv === 1) return load;
  const factor = (arrivalScv + serviceScv) / (arrivalScv + 1);
  const groups = load.groups.map((group): GroupLoad => {
    const waitingS = group.waitingS * factor;
    return { ...group, waitingS, sojournS: group.sojournS - group.waitingS + waitingS };
  });
  const total = { sojourn: 0, shift: 0 };
  groups.forEach((group, g) => {
    const flow = stations[g]!.count * group.arrivalRatePerS;
    total.sojourn += flow * group.sojournS;
    total.shift += flow * Math.abs(group.waitingS - load.groups[g]!.waitingS);
  });
  const shift = total.shift / total.sojourn;
  const exact = load.method === 'exact' && arrivalScv === 1 && (shift < 1e-6 || stations.every(isFirstComeFirstServed));
  const exponential = { serviceScv, groups: load.groups };
  if (exact) return { ...load, groups, exponential };
  // Fitted: insensitivity is not exact with state-dependent or non-Poisson arrivals, the factor not beyond one core.
  const bound = load.errorBoundPct + 3 + 40 * shift;
  return { groups, method: 'approximation', errorBoundPct: Math.min(40, bound), exponential };
}

/** One core and one request at a time: M/G/1, where Pollaczek-Khinchine is exact. */
const isFirstComeFirstServed = (station: Station): boolean => station.servers === 1 && station.sharingLimit === 1;

/**
 * Exponent γ that turns quantiles for exponential service into those for another SCV, q ∝ q_exp^γ (exact for lognormal
 * times). The variance splits into that of waiting, scaled like its mean, and that of service, where a request of demand
 * x takes x times a slowdown that does not depend on the demand's distribution.
 *
 * @param group with the corrected means
 * @param base the same for exponential service
 * @param scvOfTime SCV of the whole sojourn for exponential service
 */
export function tailExponent(group: GroupLoad, base: GroupLoad, scvOfTime: number, serviceScv: number): number {
  const variance = scvOfTime * base.sojournS ** 2;
  const waitingVariance = Math.min(0.9 * variance, 3 * base.waitingS ** 2);
  const serviceS = base.sojournS - base.waitingS;
  const slowdown = ((variance - waitingVariance) / serviceS ** 2 + 1) / 2;
  const scale = base.waitingS > 0 ? group.waitingS / base.waitingS : 1;
  const own =
    waitingVariance * scale ** 2 + serviceS ** 2 * Math.max(0.001, Math.max(1, slowdown) * (1 + serviceScv) - 1);
  return Math.sqrt(Math.log1p(own / group.sojournS ** 2) / Math.log1p(scvOfTime));
}
