/** Open-loop measurement: requests leave at their times whatever became of those before, and responses count from then. */
import { setTimeout as delay } from 'node:timers/promises';
import { ExponentialStream, UniformStream } from '../../lib/simulator/engine/rng.ts';

export interface Sample {
  ms: number;
  failed: boolean;
}

/** Sends request i at `timesMs[i]`. */
export async function openLoop(timesMs: readonly number[], send: (index: number) => Promise<void>): Promise<Sample[]> {
  const startMs = performance.now();
  const pending: Promise<Sample>[] = [];
  for (const [index, atMs] of timesMs.entries()) {
    const waitMs = atMs - (performance.now() - startMs);
    if (waitMs > 0.2) await delay(waitMs);
    const sentMs = performance.now();
    pending.push(
      send(index).then(
        () => ({ ms: performance.now() - sentMs, failed: false }),
        () => ({ ms: performance.now() - sentMs, failed: true }),
      ),
    );
  }
  return Promise.all(pending);
}

/** Poisson arrivals in ms. */
export function poissonTimes(count: number, ratePerS: number, seed: number): number[] {
  const gaps = new ExponentialStream(seed, 0, 1);
  let at = 0;
  return Array.from({ length: count }, () => {
    at += (gaps.next() * 1_000) / ratePerS;
    return at;
  });
}

/** Nearest rank; failed requests are left out (callers report them apart). */
export function quantile(samples: readonly Sample[], q: number): number {
  const sorted = samples
    .filter((s) => !s.failed)
    .map((s) => s.ms)
    .sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export function mean(samples: readonly Sample[]): number {
  const good = samples.filter((s) => !s.failed);
  return good.reduce((sum, s) => sum + s.ms, 0) / good.length;
}

export const failures = (samples: readonly Sample[]): number => samples.filter((s) => s.failed).length;

const resamples = 1_000;

/** 90 % interval of a figure of two arms whose i-th samples belong together: bootstrap over the pairs. */
export function intervalNote(
  a: readonly Sample[],
  b: readonly Sample[],
  figure: (a: Sample[], b: Sample[]) => number,
): string {
  const random = new UniformStream(7, 0, 5);
  const pairs = Math.min(a.length, b.length);
  const figures = Array.from({ length: resamples }, () => {
    const chosen = Array.from({ length: pairs }, () => random.below(pairs));
    return figure(
      chosen.map((i) => a[i]!),
      chosen.map((i) => b[i]!),
    );
  }).sort((x, y) => x - y);
  const at = (share: number) => figures[Math.floor(share * resamples)]!.toFixed(2);
  return `90 % interval ${at(0.05)} to ${at(0.95)}, ${pairs} pairs`;
}
