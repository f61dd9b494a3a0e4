import type { PoolLoad } from './pool-load.ts';
import { capacityOf, type Station } from './station.ts';

/** First cut: fully balanced occupancy (lower bound-like). */
export function jsqLoad(stations: readonly Station[], arrivalRatePerS: number): PoolLoad | undefined {
  const capacity = capacityOf(stations);
  if (arrivalRatePerS >= capacity) return undefined;
  // slots sorted by index
  const slots: { index: number; rate: number; g: number; many: number }[] = [];
  stations.forEach((s, g) => {
    slots.push({ index: s.networkS + 1 / s.coreRatePerS, rate: s.coreRatePerS, g, many: s.servers * s.count });
    for (let n = s.servers; n < 400; n++)
      slots.push({ index: s.networkS + (n + 1) / s.capacityPerS, rate: 0, g, many: s.count });
  });
  slots.sort((a, b) => a.index - b.index);
  let p = 1;
  let sum = 1;
  let mu = 0;
  const inUse = stations.map(() => 0);
  const use = stations.map(() => 0);
  const busy = stations.map(() => 0);
  const thr = stations.map(() => 0);
  outer: for (const slot of slots) {
    for (let i = 0; i < slot.many; i++) {
      mu += slot.rate;
      use[slot.g]! += 1;
      busy[slot.g]! += slot.rate;
      p *= arrivalRatePerS / mu;
      sum += p;
      stations.forEach((_, g) => {
        inUse[g]! += use[g]! * p;
        thr[g]! += busy[g]! * p;
      });
      if (p < 1e-12 * sum && mu > arrivalRatePerS * 1.0001) break outer;
    }
  }
  const groups = stations.map((s, g) => {
    const own = thr[g]! / sum / s.count;
    return {
      arrivalRatePerS: own,
      sojournS: inUse[g]! / thr[g]!,
      waitingS: 0,
      handoffS: 0,
      rates: [own],
    };
  });
  return { groups, method: 'approximation', errorBoundPct: 30 };
}
