import { invert } from './laplace-inversion.ts';
import type { GroupLoad, PoolLoad } from './pool-load.ts';
import { tailExponent } from './service-variability.ts';
import { sojournTransform } from './sojourn-transform.ts';
import type { Station } from './station.ts';

/** P(response time > t) of the pool's requests, t in seconds. */
export type Survival = (tS: number) => number;

/**
 * Distribution of the response time, network and handoffs included: per group the sojourn in limited sharing under its
 * state-dependent arrivals, stretched so that its mean is the group's predicted mean, and mixed by traffic. Groups below a
 * millionth of the traffic are left out.
 */
export function responseSurvival(stations: readonly Station[], load: PoolLoad): Survival {
  const parts: Survival[] = [];
  const total = stations.reduce((sum, s, g) => sum + s.count * load.groups[g]!.arrivalRatePerS, 0);
  stations.forEach((station, g) => {
    const { standingS = 0, ...all } = load.groups[g]!;
    const group: GroupLoad = { ...all, sojournS: all.sojournS - standingS, waitingS: all.waitingS - standingS };
    const weight = (station.count * group.arrivalRatePerS) / total;
    if (weight < 1e-6) return;
    const transform = sojournTransform(group.rates, station);
    if (transform === undefined) return;
    const inverted = invert(transform, group.sojournS);
    const given = load.exponential?.groups[g];
    const base = given && { ...given, sojournS: given.sojournS - standingS, waitingS: given.waitingS - standingS };
    // A time x of the exponential model stands for stretch · x^power of the real one, with the group's mean kept.
    const power = base
      ? tailExponent(group, base, {
          scvOfTime: inverted.scv,
          serviceScv: load.exponential!.serviceScv,
          aloneS: 1 / station.coreRatePerS,
        })
      : 1;
    const meanOfPower = Math.exp((Math.log1p(inverted.scv) * (power * power - power)) / 2);
    const offsetS = station.networkS + group.handoffS + standingS;
    parts.push((tS) => {
      if (tS <= offsetS) return weight;
      const relative = ((tS - offsetS) * meanOfPower) / group.sojournS;
      return weight * inverted.survivalAt(inverted.mean * (power === 1 ? relative : relative ** (1 / power)));
    });
  });
  return (tS) => parts.reduce((sum, part) => sum + part(tS), 0);
}

/**
 * The time that a share `p` of requests stays within.
 *
 * @param meanS only a scale for the search
 */
export function quantileOf(survivalAt: Survival, p: number, meanS: number): number {
  let low = 0;
  let high = meanS;
  while (survivalAt(high) > 1 - p && high < 1e6 * meanS) {
    low = high;
    high *= 2;
  }
  for (let i = 0; i < 40 && high - low > 1e-5 * high; i++) {
    const middle = (low + high) / 2;
    if (survivalAt(middle) > 1 - p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
