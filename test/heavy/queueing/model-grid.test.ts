import { beforeAll, describe, expect, it } from 'vitest';
import type { ModelInput } from '../../../lib/domain/queueing/types.ts';
import { beyondInterval, type GridPoint, quantile, runGrid } from '../../support/model-grid.ts';

/**
 * The model against the simulator on random pools (1-60 VMs, 1-4 speeds, 1-16 cores, ρ 0.2-0.97, N 1-32), other pools than
 * those its constants were fitted to. Bars on accuracy are kept with the simulation's noise included; a stated bound is
 * judged beyond the simulation's own 95 % interval.
 */

describe('JSQ on 520 random pools', () => {
  let grid: GridPoint[] = [];
  beforeAll(() => {
    grid = runGrid(520, 400_000, () => ({ policy: 'jsq' }));
    for (const indicator of ['mean', 'p95'] as const) {
      const at = (p: number) =>
        `${quantile(
          grid.map((g) => g[indicator].errorPct),
          p,
        ).toFixed(2)} %`;
      console.log(`JSQ ${indicator}: error at the median ${at(0.5)}, 90th ${at(0.9)}, 99th percentile ${at(0.99)}`);
    }
  });

  it('covers at least 500 pools, simulated sharply enough to judge them', () => {
    expect(grid.length).toBeGreaterThanOrEqual(500);
    expect(
      quantile(
        grid.map((g) => g.mean.ci95Pct),
        0.9,
      ),
    ).toBeLessThan(4);
  });

  it('mean within 3 % at the median and 8 % at the 99th percentile', () => {
    const errors = grid.map((g) => g.mean.errorPct);
    expect(quantile(errors, 0.5)).toBeLessThan(3);
    expect(quantile(errors, 0.99)).toBeLessThan(8);
  });

  it('p95 within 10 % at the 99th percentile', () => {
    const errors = grid.map((g) => g.p95.errorPct);
    expect(quantile(errors, 0.99)).toBeLessThan(10);
  });

  it('errorBoundPct covers the error in at least 99 %, with a median of at most 5', () => {
    const covered = grid.filter((g) => beyondInterval(g.mean) <= g.model.errorBoundPct).length;
    expect(covered / grid.length).toBeGreaterThanOrEqual(0.99);
    expect(
      quantile(
        grid.map((g) => g.model.errorBoundPct),
        0.5,
      ),
    ).toBeLessThanOrEqual(5);
  });
});

describe('the other policies', () => {
  it('closed forms lie within the interval, as often as an interval should hold', () => {
    const policies = ['even', 'capacity', 'sqrt', 'round-robin'] as const;
    const grid = runGrid(80, 400_000, (i) => ({ policy: policies[i % policies.length]! }), 77_000);
    const points = grid.filter((g) => g.mean.ci95Pct < 8);
    expect(points.length).toBeGreaterThan(30);
    const within = points.filter((g) => g.mean.errorPct <= 1.25 * g.mean.ci95Pct).length;
    expect(within / points.length).toBeGreaterThan(0.9);
    for (const g of points) expect(g.model.errorBoundPct).toBe(0);
  });

  it('session on 520 pools: mean within 3 % at the median and 8 % at the 99th percentile, errorBoundPct covers 99 %', () => {
    const policyOf = (i: number): Pick<ModelInput, 'policy' | 'session'> => ({
      policy: 'session',
      session: { candidates: 2 + (i % 7), threshold: 1 + (i % 5), handoffS: 0.001 },
    });
    const grid = runGrid(520, 200_000, policyOf, 78_000);
    expect(grid.length).toBeGreaterThanOrEqual(500);
    const beyond = grid.map((g) => beyondInterval(g.mean));
    expect(quantile(beyond, 0.5)).toBeLessThan(3);
    expect(quantile(beyond, 0.99)).toBeLessThan(8);
    const bounds = grid.map((g) => g.model.errorBoundPct);
    expect(beyond.filter((error, i) => error <= bounds[i]!).length / grid.length).toBeGreaterThanOrEqual(0.99);
    expect(quantile(bounds, 0.5)).toBeLessThanOrEqual(5);
  });
});
