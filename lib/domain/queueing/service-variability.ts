import type { GroupLoad, PoolLoad } from './pool-load.ts';
import type { Station } from './station.ts';

/**
 * Corrects a load computed for exponential service for another squared coefficient of variation (SCV) of the demand.
 *
 * With Poisson arrivals processor sharing without waiting is insensitive to the distribution, so only the time outside
 * the sharing limit changes: it is multiplied by (ca² + scv)/(ca² + 1), ca² the SCV of the VM's interarrival times. For
 * one core that is Avi-Itzhak & Halfin 1988 (M/G/1-LPS: E[T] = (1 + (scv-1)/2 ρ^N)/(μ-λ)), which joins
 * Pollaczek-Khinchine at N = 1 and insensitivity at N = ∞; for N ≤ c it is Lee & Longton's M/G/c. Arrivals more regular
 * than Poisson change the shared part as well, in heavy traffic by 2 (ca² + scv)/((1 + scv)(1 + ca²)): the workload of
 * GI/G/1 over the mean residual demand.
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
  const { chanceWaitingShare = 1 } = load;
  const waitingFactor = 1 + ((arrivalScv + serviceScv) / (arrivalScv + 1) - 1) * chanceWaitingShare;
  const sharingFactor = (2 * (arrivalScv + serviceScv)) / ((1 + serviceScv) * (1 + arrivalScv));
  const groups = load.groups.map((group, g): GroupLoad => {
    const aloneS = 1 / stations[g]!.coreRatePerS;
    const sharing = Math.max(0, group.sojournS - group.waitingS - aloneS);
    const waitingS = group.waitingS * waitingFactor;
    return { ...group, waitingS, sojournS: group.sojournS - group.waitingS - sharing * (1 - sharingFactor) + waitingS };
  });
  let sojourn = 0;
  let shift = 0;
  groups.forEach((group, g) => {
    const flow = stations[g]!.count * group.arrivalRatePerS;
    sojourn += flow * group.sojournS;
    shift += flow * Math.abs(group.sojournS - load.groups[g]!.sojournS);
  });
  const exponential = { serviceScv, groups: load.groups };
  const moved = shift / sojourn;
  const exact = load.method === 'exact' && arrivalScv === 1 && (moved < 1e-6 || stations.every(isFirstComeFirstServed));
  if (exact) return { ...load, groups, exponential };
  // Insensitivity is not exact with state-dependent or regular arrivals, nor the factors beyond one core.
  const errorBoundPct = () => Math.min(40, load.errorBoundPct() + 4 + 40 * moved);
  return { groups, method: 'approximation', errorBoundPct, exponential };
}

/** One core and one request at a time: M/G/1, where Pollaczek-Khinchine is exact. */
const isFirstComeFirstServed = (station: Station): boolean => station.servers === 1 && station.sharingLimit === 1;

/**
 * Exponent γ that turns quantiles for exponential service into those for another SCV, q ∝ q_exp^γ (exact for lognormal
 * times). The variance splits into that of waiting, scaled like its mean, and that of service, where a request of demand
 * x takes x times a slowdown that does not depend on the demand's distribution but shrinks with the sharing.
 *
 * @param group with the corrected means
 * @param base the same for exponential service
 * @param scvOfTime SCV of the whole sojourn for exponential service
 * @param aloneS mean service time of a lone request
 */
export function tailExponent(
  group: GroupLoad,
  base: GroupLoad,
  { scvOfTime, serviceScv, aloneS }: { scvOfTime: number; serviceScv: number; aloneS: number },
): number {
  const variance = scvOfTime * base.sojournS ** 2;
  const waitingVariance = Math.min(0.9 * variance, 3 * base.waitingS ** 2);
  const baseServiceS = base.sojournS - base.waitingS;
  const serviceS = group.sojournS - group.waitingS;
  const shared = baseServiceS > aloneS ? Math.max(0, serviceS - aloneS) / (baseServiceS - aloneS) : 1;
  const slowdown = Math.max(1, ((variance - waitingVariance) / baseServiceS ** 2 + 1) / 2);
  const scaled = 1 + (slowdown - 1) * shared ** 2;
  const waitingScale = base.waitingS > 0 ? group.waitingS / base.waitingS : 1;
  const own = waitingVariance * waitingScale ** 2 + serviceS ** 2 * Math.max(0.001, scaled * (1 + serviceScv) - 1);
  return Math.sqrt(Math.log1p(own / group.sojournS ** 2) / Math.log1p(scvOfTime));
}
