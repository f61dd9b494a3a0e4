import type { Station } from './station.ts';

/** Chance, as a power of e, of the pool being found as far below a level at which it stands. */
const NEVER = 30;
/** Levels per VM that are kept in any case: what imbalance makes of them. */
const KEPT_LEVELS = 40;

/** A pool with its long waits taken out, and what was taken: every request of group g waits `standingS[g]` more. */
export interface Shortened {
  stations: readonly Station[];
  standingS: number[];
}

/**
 * Where the load exceeds what the VMs below some level can carry, they stand at that level: each holds about capacity x (level - network)
 * requests and never fewer by much. With a level far above (a data centre 100 s away) those are thousands that only wait. All but the
 * upper part is left out, as if the VMs above were that much nearer, so that the cost of an evaluation does not grow with distances. The
 * part kept is so long that the chance of the pool ever reaching its lower end is e^-30, and a whole number of requests is taken of
 * the largest group, so that levels stay in phase.
 */
export function shortenWaits(stations: readonly Station[], arrivalRatePerS: number): Shortened {
  const opensAt = (s: Station) => s.networkS + 1 / s.coreRatePerS;
  const order = stations.map((_, g) => g).sort((a, b) => opensAt(stations[a]!) - opensAt(stations[b]!));
  const nearerS = stations.map(() => 0);
  const standingS = stations.map(() => 0);
  let capacity = 0;
  let removedS = 0;
  for (let i = 0; i + 1 < order.length; i++) {
    const own = stations[order[i]!]!;
    capacity += own.count * own.capacityPerS;
    if (capacity >= arrivalRatePerS) break;
    const below = order.slice(0, i + 1).map((g) => stations[g]!);
    const gapS = opensAt(stations[order[i + 1]!]!) - opensAt(own);
    const requests = NEVER / Math.log(arrivalRatePerS / capacity);
    const keptS = Math.max(
      requests / capacity,
      ...below.map((s) => (Math.max(KEPT_LEVELS, s.sharingLimit) + s.servers) / s.capacityPerS),
    );
    const largest = below.reduce((a, b) => (b.count * b.capacityPerS > a.count * a.capacityPerS ? b : a));
    const takenS = Math.floor((gapS - keptS) * largest.capacityPerS) / largest.capacityPerS;
    if (takenS > keptS) {
      removedS += takenS;
      for (const g of order.slice(0, i + 1)) standingS[g]! += takenS;
    }
    nearerS[order[i + 1]!] = removedS;
  }
  if (removedS === 0) return { stations, standingS };
  // Once the load is carried, whatever lies beyond is moved along.
  let last = 0;
  for (const g of order) {
    last = Math.max(last, nearerS[g]!);
    nearerS[g] = last;
  }
  return { stations: stations.map((s, g) => ({ ...s, networkS: s.networkS - nearerS[g]! })), standingS };
}
