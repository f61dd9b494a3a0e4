import { predict } from '../lib/domain/queueing/predict.ts';
import type { ModelInput } from '../lib/domain/queueing/types.ts';
import { beyondInterval, type GridPoint, quantile, runGrid } from '../test/support/model-grid.ts';
import type { BenchOptions, BenchRow } from './row.ts';

/** Accuracy of the queueing model against the simulator on a grid of random pools, and the cost of one evaluation. */
export async function bench({ quick, onProgress }: BenchOptions): Promise<BenchRow[]> {
  onProgress?.('simulating the grid of random pools');
  const grid = runGrid(quick ? 20 : 520, quick ? 20_000 : 400_000, () => ({ policy: 'jsq' }));
  onProgress?.('the same under session dispatch');
  const sessions = runGrid(
    quick ? 20 : 520,
    quick ? 20_000 : 200_000,
    (i) => ({ policy: 'session', session: { candidates: 2 + (i % 7), threshold: 1 + (i % 5), handoffS: 0.001 } }),
    78_000,
  );
  return [...accuracyRows(grid), ...sessionRows(sessions), costRow(quick)];
}

function accuracyRows(grid: readonly GridPoint[]): BenchRow[] {
  const pools = `${grid.length} pools`;
  const error = (indicator: 'mean' | 'p95', p: number, atMost: number): BenchRow => {
    const beyond = quantile(
      grid.map((g) => beyondInterval(g[indicator])),
      p,
    );
    return {
      name: `JSQ ${indicator}: error at the ${p === 0.5 ? 'median' : '99th percentile'}`,
      value: quantile(
        grid.map((g) => g[indicator].errorPct),
        p,
      ),
      unit: '%',
      bar: { atMost },
      note: `${pools}, simulation noise included; ${beyond.toFixed(2)} % beyond its 95 % interval`,
    };
  };
  const bounds = grid.map((g) => g.model.errorBoundPct);
  return [
    error('mean', 0.5, 3),
    error('mean', 0.99, 8),
    error('p95', 0.99, 10),
    {
      name: 'errorBoundPct covers the error',
      value: (100 * grid.filter((g) => beyondInterval(g.mean) <= g.model.errorBoundPct).length) / grid.length,
      unit: '% of pools',
      bar: { atLeast: 99 },
      note: `${pools}; beyond the simulation's 95 % interval`,
    },
    { name: 'errorBoundPct at the median', value: quantile(bounds, 0.5), unit: '%', bar: { atMost: 5 } },
  ];
}

function sessionRows(grid: readonly GridPoint[]): BenchRow[] {
  const pools = `${grid.length} pools; beyond the simulation's 95 % interval`;
  const beyond = grid.map((g) => beyondInterval(g.mean));
  const bounds = grid.map((g) => g.model.errorBoundPct);
  const covered = beyond.filter((error, i) => error <= bounds[i]!).length;
  return [
    { name: 'session mean: error at the 99th percentile', value: quantile(beyond, 0.99), unit: '%', note: pools },
    {
      name: 'session: errorBoundPct covers the error',
      value: (100 * covered) / grid.length,
      unit: '% of pools',
      bar: { atLeast: 99 },
      note: pools,
    },
    { name: 'session: errorBoundPct at the median', value: quantile(bounds, 0.5), unit: '%', bar: { atMost: 5 } },
  ];
}

/** Mean, percentiles and rows per VM of 50 VMs of four speeds under JSQ. */
function costRow(quick: boolean): BenchRow {
  const pool = [1, 2, 4, 8].map((cores, i) => ({
    serviceRatePerS: cores * (10 + 3 * i),
    cores,
    sharingLimit: 16,
    count: i < 2 ? 13 : 12,
    networkS: 0,
  }));
  const capacity = pool.reduce((sum, g) => sum + g.count * g.serviceRatePerS, 0);
  const input = (i: number): ModelInput => ({
    pool,
    arrivalRatePerS: capacity * (0.5 + (0.45 * (i % 100)) / 100),
    policy: 'jsq',
  });
  const perBatch = quick ? 20 : 100;
  // The quietest of ten batches: other processes on the machine are not the model's cost.
  let best = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < 10; batch++) {
    const start = performance.now();
    for (let i = 0; i < perBatch; i++) predict(input(i));
    best = Math.min(best, (performance.now() - start) / perBatch);
  }
  return {
    name: 'one evaluation of 50 VMs of 4 speeds under JSQ',
    value: best,
    unit: 'ms',
    bar: { atMost: 1 },
    note: 'mean, p50, p95, p99 and a row per VM',
  };
}
