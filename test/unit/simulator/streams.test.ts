import { describe, expect, it } from 'vitest';
import { AliasTable } from '../../../lib/simulator/engine/alias-table.ts';
import { arrivalSource } from '../../../lib/simulator/engine/arrivals.ts';
import { type DemandSpec, demandSampler, demandScv } from '../../../lib/simulator/engine/demand.ts';
import { DurationHistogram } from '../../../lib/simulator/engine/histogram.ts';
import { ExponentialStream, UniformStream } from '../../../lib/simulator/engine/rng.ts';
import { poisson } from '../../../lib/simulator/scenario/predictor.ts';

const draw = (n: number, next: () => number) => Float64Array.from({ length: n }, next);
const meanOf = (x: Float64Array) => x.reduce((a, b) => a + b, 0) / x.length;
function varianceOf(x: Float64Array): number {
  const mean = meanOf(x);
  return x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (x.length - 1);
}

describe('random streams', () => {
  it('are uniform: every one of 64 bins within five standard deviations, and successive numbers uncorrelated', () => {
    const stream = new UniformStream(1, 0, 1);
    const n = 200_000;
    const counts = new Array<number>(64).fill(0);
    let product = 0;
    let last = 0.5;
    for (let i = 0; i < n; i++) {
      const u = stream.next();
      counts[Math.floor(u * 64)]!++;
      product += (u - 0.5) * (last - 0.5);
      last = u;
    }
    for (const count of counts) expect(Math.abs(count - n / 64)).toBeLessThan(5 * Math.sqrt(n / 64));
    expect(Math.abs((12 * product) / n)).toBeLessThan(5 / Math.sqrt(n));
  });

  it('differ by seed, replication and purpose, and repeat for the same three', () => {
    const first = (seed: number, replication: number, purpose: number) =>
      new UniformStream(seed, replication, purpose).next();
    expect(first(1, 0, 1)).toBe(first(1, 0, 1));
    const values = [first(1, 0, 1), first(2, 0, 1), first(1, 1, 1), first(1, 0, 2), first(2 ** 40 + 1, 0, 1)];
    expect(new Set(values).size).toBe(values.length);
  });

  it('exponential numbers have mean and variance 1', () => {
    const stream = new ExponentialStream(1, 0, 1);
    const x = draw(200_000, () => stream.next());
    expect(Math.abs(meanOf(x) - 1)).toBeLessThan(0.01);
    expect(Math.abs(varianceOf(x) - 1)).toBeLessThan(0.03);
  });

  it.each([0.3, 4, 400])('Poisson numbers of mean %d have that mean and variance', (mean) => {
    const stream = new UniformStream(1, 0, 5);
    const x = draw(50_000, () => poisson(stream, mean));
    expect(Math.abs(meanOf(x) - mean)).toBeLessThan(5 * Math.sqrt(mean / 50_000));
    expect(Math.abs(varianceOf(x) / mean - 1)).toBeLessThan(0.05);
  });
});

describe('demand', () => {
  it.each<DemandSpec>([
    { distribution: 'exponential' },
    { distribution: 'deterministic' },
    { distribution: 'lognormal', scv: 2 },
    { distribution: 'pareto', scv: 0.1 },
    { distribution: 'hyperexponential', scv: 4 },
    { distribution: 'erlang', phases: 4 },
    { distribution: 'empirical', values: [2, 4, 12] },
    {
      distribution: 'mixture',
      apps: [
        { share: 3, mean: 1, demand: { distribution: 'deterministic' } },
        { share: 1, mean: 5, demand: { distribution: 'exponential' } },
      ],
    },
  ])('has mean 1 and the variation it says: $distribution', (spec) => {
    const sampler = demandSampler(spec, 1, 0, 2);
    const x = draw(300_000, () => sampler.next());
    expect(Math.abs(meanOf(x) - 1)).toBeLessThan(0.02);
    expect(Math.abs(varianceOf(x) - demandScv(spec))).toBeLessThan(0.08 * Math.max(demandScv(spec), 0.1));
  });

  it.each<DemandSpec>([
    { distribution: 'lognormal', scv: 0 },
    { distribution: 'hyperexponential', scv: 0.5 },
    { distribution: 'erlang', phases: 0 },
    { distribution: 'empirical', values: [] },
  ])('refuses parameters that make no sense: %o', (spec) => {
    expect(() => demandSampler(spec, 1, 0, 2)).toThrow(RangeError);
  });
});

describe('arrivals by slot', () => {
  it('are Poisson with the rate of each slot, also when an arrival is several slots away', () => {
    const slotS = 10;
    const ratesPerS = Array.from({ length: 20_000 }, (_, k) => (k % 2 === 0 ? 0.02 : 0.06));
    const source = arrivalSource({ process: 'slots', ratesPerS, slotS }, 1, 0);
    const counts = [0, 0];
    let squares = 0;
    const bySlot = new Float64Array(ratesPerS.length);
    for (let t = source.next(); t < Number.POSITIVE_INFINITY; t = source.next()) bySlot[Math.floor(t / slotS)]!++;
    bySlot.forEach((count, k) => {
      counts[k % 2]! += count;
      if (k % 2 === 1) squares += (count - 0.6) ** 2;
    });
    expect(Math.abs(counts[0]! - 2000)).toBeLessThan(5 * Math.sqrt(2000));
    expect(Math.abs(counts[1]! - 6000)).toBeLessThan(5 * Math.sqrt(6000));
    expect(Math.abs(squares / 10_000 - 0.6)).toBeLessThan(0.05);
  });
});

describe('duration histogram', () => {
  const filled = () => {
    const histogram = new DurationHistogram();
    for (let i = 1; i <= 100_000; i++) histogram.add(i / 1000);
    return histogram;
  };

  it.each([0.01, 0.5, 0.95, 0.99])('quantile %d is right to 0.3 %%', (q) => {
    expect(Math.abs(filled().quantile(q) / (100 * q) - 1)).toBeLessThan(0.003);
  });

  it('shareWithin is the inverse of quantile, and the mean is exact', () => {
    const histogram = filled();
    for (const q of [0.1, 0.5, 0.9]) expect(histogram.shareWithin(histogram.quantile(q))).toBeCloseTo(q, 6);
    expect(histogram.mean).toBeCloseTo(50.0005, 9);
  });

  it('takes zero and anything too small or too large, and is NaN when empty', () => {
    const histogram = new DurationHistogram();
    expect(histogram.quantile(0.5)).toBeNaN();
    for (const x of [0, 1e-12, 1e9]) histogram.add(x);
    expect(histogram.quantile(0.3)).toBe(0);
    expect(histogram.quantile(0.99)).toBeGreaterThanOrEqual(2 ** 12);
    const merged = new DurationHistogram();
    merged.merge(histogram);
    expect(merged.count).toBe(3);
  });
});

describe('alias table', () => {
  it('draws in proportion to the weights', () => {
    const weights = [1, 0, 3, 6];
    const table = new AliasTable(weights);
    const stream = new UniformStream(1, 0, 3);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 100_000; i++) counts[table.pick(stream.next())]!++;
    counts.forEach((count, i) => {
      expect(Math.abs(count - 10_000 * weights[i]!)).toBeLessThan(800);
    });
    expect(counts[1]).toBe(0);
  });
});
