import { expect } from 'vitest';
import type { VmGroup } from '../../../lib/domain/queueing/types.ts';

/** One group of equal VMs with sensible defaults. */
export function vms(count: number, serviceRatePerS: number, more: Partial<VmGroup> = {}): VmGroup {
  return { serviceRatePerS, cores: 1, sharingLimit: 1000, networkS: 0, ...more, count };
}

/**
 * Whether a simulated value agrees with theory: it lies within 1.5 half-widths of the 95 % interval (so that a right engine
 * fails one seed in a few hundred), and the interval is narrow enough for that to mean something.
 */
export function agrees(value: number, ci95: number, theory: number, sharpness = 0.025): boolean {
  return ci95 <= sharpness * theory && Math.abs(value - theory) <= 1.5 * ci95;
}

/** Asserts agreement with theory and that the very same check would have rejected a truth 5 % off on either side. */
export function expectAgreement(value: number, ci95: number, theory: number): void {
  const shown = `simulated ${value} ± ${ci95}, theory ${theory}`;
  expect(agrees(value, ci95, theory), shown).toBe(true);
  expect(agrees(value, ci95, theory * 1.05) || agrees(value, ci95, theory * 0.95), `not sharp: ${shown}`).toBe(false);
}

/** Probability of waiting in M/M/c (Erlang C) for offered load `load` < c. */
export function erlangC(load: number, cores: number): number {
  const blocking = erlangB(load, cores);
  const rho = load / cores;
  return blocking / (1 - rho + rho * blocking);
}

/** Blocking probability of M/G/c/c (Erlang B). */
export function erlangB(load: number, cores: number): number {
  let b = 1;
  for (let k = 1; k <= cores; k++) b = (load * b) / (k + load * b);
  return b;
}
