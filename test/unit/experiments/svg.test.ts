import fc from 'fast-check';
import { expect, test } from 'vitest';
import { barChart, lineChart, ticks } from '../../../lib/experiments/svg.ts';
import { rowChart } from '../../../lib/experiments/svg-rows.ts';

/** Opening and closing tags match, and every number in a path is finite. */
function expectWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, closing, name, rest] of svg.matchAll(/<(\/?)([a-zA-Z]+)([^>]*)>/g)) {
    if (closing) expect(open.pop()).toBe(name);
    else if (!rest!.endsWith('/')) open.push(name!);
  }
  expect(open).toEqual([]);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
}

test('charts of any values are well formed', () => {
  const value = fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant(Number.NaN), fc.constant(Infinity));
  fc.assert(
    fc.property(fc.array(value, { minLength: 2, maxLength: 20 }), fc.string(), (values, name) => {
      const points = values.map((y, x) => ({ x, y, error: 0.1 }));
      const series = [
        { name, points },
        { name: 'b', points, style: 'markers' as const },
      ];
      expectWellFormed(lineChart({ title: name, xLabel: name, yLabel: name, series, yRange: [0, 10] }));
      expectWellFormed(lineChart({ title: name, xLabel: name, yLabel: name, series, yRange: [1, 10], logY: true }));
      expectWellFormed(
        rowChart({
          title: name,
          xLabel: name,
          parts: [{ name, colour: '#000' }],
          rows: values.map((v) => ({ name, values: [Number.isFinite(v) ? v : 1], error: 0.2, note: name })),
          reference: { name: 'one', value: 1 },
        }),
      );
      const finite = values.map((v) => (Number.isFinite(v) ? v : null));
      expectWellFormed(
        barChart({
          title: name,
          yLabel: name,
          categories: values.map((_, i) => `c ${i}`),
          series: [{ name, values: finite }],
          reference: { name: 'one', value: 1 },
        }),
      );
    }),
    { seed: 5, numRuns: 50 },
  );
});

test('names are escaped', () => {
  const svg = lineChart({
    title: 'a<b & c',
    xLabel: 'x',
    yLabel: 'y',
    series: [{ name: 's', points: [{ x: 0, y: 1 }] }],
  });
  expect(svg).toContain('a&lt;b &amp; c');
});

test('ticks are round, rising and inside', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1e3, noNaN: true }),
      fc.double({ min: 0.1, max: 1e5, noNaN: true }),
      (low, span) => {
        const values = ticks(low, low + span, 6);
        expect(values.length).toBeGreaterThan(1);
        expect(values.length).toBeLessThan(15);
        for (const [i, v] of values.entries()) {
          expect(v).toBeGreaterThanOrEqual(low - 1e-6 * span);
          expect(v).toBeLessThanOrEqual(low + span + 1e-6 * span);
          if (i > 0) expect(v).toBeGreaterThan(values[i - 1]!);
        }
      },
    ),
    { seed: 1 },
  );
});

test('a logarithmic axis puts equal factors at equal distances', () => {
  const points = [1, 10, 100].map((y, x) => ({ x, y }));
  const svg = lineChart({
    title: '',
    xLabel: '',
    yLabel: '',
    series: [{ name: 's', points, style: 'dots' }],
    yRange: [1, 100],
    logY: true,
  });
  const [a, b, c] = [...svg.matchAll(/cy="([\d.]+)"/g)].map((match) => Number(match[1]));
  expect(a! - b!).toBeCloseTo(b! - c!, 0);
  for (const tick of ['1', '2', '5', '10', '20', '50', '100']) expect(svg).toContain(`>${tick}</text>`);
});
