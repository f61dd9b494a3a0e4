import { type Station, stationOf } from '../../../lib/domain/queueing/station.ts';
import type { VmGroup } from '../../../lib/domain/queueing/types.ts';

/** A group of `count` VMs: `coreRatePerS` per core. */
export function vms(count: number, coreRatePerS: number, more: Partial<VmGroup> = {}): VmGroup {
  const cores = more.cores ?? 1;
  return { serviceRatePerS: coreRatePerS * cores, cores, sharingLimit: 16, networkS: 0, ...more, count };
}

export const station = (coreRatePerS: number, more: Partial<VmGroup> = {}): Station =>
  stationOf(vms(1, coreRatePerS, more));

/** Mean numbers of a birth-death chain solved by brute force: the independent oracle of the closed forms. */
export function bruteForce(arrivalRateAt: (n: number) => number, { coreRatePerS, servers, sharingLimit }: Station) {
  const p = [1];
  for (let n = 1; n < 20_000; n++) {
    const next = (p[n - 1]! * arrivalRateAt(n - 1)) / (Math.min(n, servers) * coreRatePerS);
    p.push(next);
    if (next < 1e-18 * p[0]! && n > servers) break;
  }
  const total = p.reduce((a, b) => a + b, 0);
  const mean = (f: (n: number) => number) => p.reduce((sum, x, n) => sum + (x / total) * f(n), 0);
  return {
    inSystem: mean((n) => n),
    waiting: mean((n) => Math.max(0, n - sharingLimit)),
    throughputPerS: mean((n) => Math.min(n, servers) * coreRatePerS),
  };
}
