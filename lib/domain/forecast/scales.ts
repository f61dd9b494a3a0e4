import type { Scale } from './types.ts';

/** Counts on a scale where a forecast's errors are roughly even: relative errors for `log`, Poisson noise for `sqrt`. */
export function toScale(scale: Scale, count: number): number {
  return scale === 'log' ? Math.log1p(count) : Math.sqrt(count + 0.375);
}

export function fromScale(scale: Scale, value: number): number {
  if (scale === 'log') return Math.max(0, Math.expm1(Math.min(value, 40)));
  return value <= 0 ? 0 : Math.max(0, value * value - 0.375);
}
