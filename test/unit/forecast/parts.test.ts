import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  GRID,
  gridMean,
  interpolateGrid,
  normalQuantile,
  pinballLoss,
  sortedQuantile,
} from '../../../lib/domain/forecast/quantiles.ts';
import { createRls, learnRls, predictRls } from '../../../lib/domain/forecast/rls.ts';
import { parseTrace } from '../../../lib/domain/forecast/trace.ts';
import { normal, seeded } from '../../support/series.ts';

describe('quantiles', () => {
  test('the normal quantile inverts the normal distribution', () => {
    // Values of standard tables.
    expect(normalQuantile(0.5)).toBeCloseTo(0, 9);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 6);
    expect(normalQuantile(0.001)).toBeCloseTo(-3.090232, 6);
  });

  test('pinball loss is least at the quantile', () => {
    const random = seeded(4);
    const sample = Array.from({ length: 2_000 }, () => normal(random)).sort((a, b) => a - b);
    for (const level of [0.1, 0.5, 0.9]) {
      const loss = (q: number) => sample.reduce((sum, x) => sum + pinballLoss(level, q, x), 0);
      const best = sortedQuantile(sample, level);
      expect(loss(best)).toBeLessThan(loss(best + 0.1));
      expect(loss(best)).toBeLessThan(loss(best - 0.1));
    }
  });

  test('interpolation keeps the grid and is monotone between', () => {
    const grid = GRID.map((level) => Math.expm1(5 + 0.3 * normalQuantile(level)));
    for (const [i, level] of GRID.entries()) expect(interpolateGrid(grid, level)).toBe(grid[i]);
    fc.assert(
      fc.property(fc.double({ min: 1e-4, max: 0.9999, noNaN: true }), (level) => {
        // The grid is log-normal, and so is the interpolation: it is exact everywhere, tails included.
        expect(interpolateGrid(grid, level) / Math.expm1(5 + 0.3 * normalQuantile(level))).toBeCloseTo(1, 6);
      }),
      { seed: 1 },
    );
  });

  test('the mean of a normal grid is its centre', () => {
    const grid = GRID.map((level) => 100 + 10 * normalQuantile(level));
    // The grid is not symmetric, and its tails are cut: a tenth of a standard deviation is what that may cost.
    expect(Math.abs(gridMean(grid) - 100)).toBeLessThan(1);
  });
});

test('recursive least squares finds the weights of a linear process', () => {
  const random = seeded(8);
  const truth = [0.7, -0.2, 0.5];
  let state = createRls([0, 0, 0], 10);
  for (let i = 0; i < 3_000; i++) {
    const x = [normal(random), normal(random), 1];
    const y = x.reduce((sum, v, j) => sum + v * truth[j]!, 0) + 0.1 * normal(random);
    state = learnRls(state, x, y, 1, 10, 1e6);
  }
  // Standard error is 0.1/√3000 = 0.0018 per weight; five of them.
  for (const [j, w] of truth.entries()) expect(Math.abs(state.weights[j]! - w)).toBeLessThan(0.01);
  expect(predictRls(state, [1, 1, 1])).toBeCloseTo(1.0, 1);
});

describe('reading a trace', () => {
  test('header, zone and empty counts', () => {
    const trace = parseTrace(
      '# slot_seconds=600\n# timezone=UTC-4 (local)\nslot,timestamp,count\n0,1995-07-01T00:00:00,5\n1,1995-07-01T00:10:00,\n',
    );
    expect(trace).toEqual({
      slotS: 600,
      timeZone: 'UTC-4',
      slots: [
        { slotStartMs: Date.parse('1995-07-01T04:00:00Z'), count: 5 },
        { slotStartMs: Date.parse('1995-07-01T04:10:00Z'), count: null },
      ],
    });
  });

  test('slot length from the least step when the header is silent', () => {
    const text = 'timestamp,count\n2026-01-01T00:00:00Z,1\n2026-01-01T00:05:00Z,2\n2026-01-01T01:00:00Z,3\n';
    expect(parseTrace(text).slotS).toBe(300);
  });

  test.each([
    ['a,b\n1,2', /line 1: the header must name a "timestamp" column, received "a,b"/],
    ['timestamp,count\nyesterday,2\n', /line 2: "timestamp" must be ISO 8601.*received "yesterday"/],
    ['timestamp,count\n2026-01-01T00:00:00,-2\n', /line 2: "count" must be zero or more.*received "-2"/],
    ['timestamp,count\n2026-01-01T00:10:00,1\n2026-01-01T00:00:00,1\n', /line 3: time stamps must rise/],
    ['timestamp,count\n', /at least two slots, received 0/],
  ])('%j is refused with the line and the fix', (text, message) => {
    expect(() => parseTrace(text)).toThrow(message);
  });
});
