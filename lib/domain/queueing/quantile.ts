import { invert } from './laplace-inversion.ts';
import type { GroupLoad, PoolLoad } from './pool-load.ts';
import { sojournTransform } from './sojourn-transform.ts';
import type { Station } from './station.ts';

/** P(response time > t) of the pool's requests, t in seconds. */
export type Survival = (tS: number) => number;

/**
 * Distribution of the response time, network and handoffs included: per group the sojourn in limited sharing under its
 * state-dependent arrivals, stretched so that its mean is the group's predicted mean, and mixed by traffic.
 */
export function responseSurvival(stations: readonly Station[], load: PoolLoad): Survival {
  const parts: { weight: number; offsetS: number; stretch: number; survivalAt: (t: number) => number }[] = [];
  const total = stations.reduce((sum, s, g) => sum + s.count * load.groups[g]!.arrivalRatePerS, 0);
  stations.forEach((station, g) => {
    const group: GroupLoad = load.groups[g]!;
    const weight = (station.count * group.arrivalRatePerS) / total;
    if (weight < 1e-6) return;
    const transform = sojournTransform(group.rates, station);
    if (transform === undefined) return;
    const inverted = invert(transform, group.sojournS);
    parts.push({
      weight,
      offsetS: station.networkS + group.handoffS,
      stretch: group.sojournS / inverted.mean,
      survivalAt: inverted.survivalAt,
    });
  });
  return (tS) =>
    parts.reduce((sum, part) => sum + part.weight * part.survivalAt((tS - part.offsetS) / part.stretch), 0);
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
