import { describe, expect, it } from 'vitest';
import { predict, predictMeanS } from '../../../lib/domain/queueing/predict.ts';
import type { ModelInput } from '../../../lib/domain/queueing/types.ts';
import { simulatePool } from '../../../lib/simulator/engine/simulate-pool.ts';
import { vms } from './support.ts';

describe('non-exponential service', () => {
  it('one core, one at a time: Pollaczek-Khinchine, exact', () => {
    for (const serviceScv of [0, 0.25, 3]) {
      const result = predict({
        pool: [vms(1, 5, { sharingLimit: 1 })],
        arrivalRatePerS: 4,
        policy: 'even',
        serviceScv,
      });
      expect(result.waitingTimeS.mean).toBeCloseTo(((1 + serviceScv) / 2) * (0.8 / (5 - 4)), 10);
      expect(result.serviceTimeS.mean).toBeCloseTo(0.2, 10);
      expect(result).toMatchObject({ method: 'exact', errorBoundPct: 0 });
    }
  });

  it('limited sharing: Avi-Itzhak and Halfin, (1 + (scv-1)/2 ρ^N)/(μ-λ)', () => {
    const mean = predictMeanS({
      pool: [vms(1, 5, { sharingLimit: 3 })],
      arrivalRatePerS: 4,
      policy: 'even',
      serviceScv: 4,
    });
    expect(mean).toBeCloseTo(1 + 1.5 * 0.8 ** 3, 10);
  });

  it('scv 1 is exponential', () => {
    const input: ModelInput = { pool: [vms(4, 5)], arrivalRatePerS: 14, policy: 'jsq' };
    expect(predict({ ...input, serviceScv: 1 })).toEqual(predict(input));
  });

  it.each([
    { policy: 'even', scv: 0, sharingLimit: 2 },
    { policy: 'even', scv: 4, sharingLimit: 4 },
    { policy: 'round-robin', scv: 0, sharingLimit: 16 },
    { policy: 'round-robin', scv: 4, sharingLimit: 4 },
    { policy: 'jsq', scv: 0, sharingLimit: 4 },
    { policy: 'jsq', scv: 4, sharingLimit: 4 },
  ] as const)('agrees with simulation within its bound: $policy, scv $scv, N $sharingLimit', (row) => {
    const pool = [vms(6, 1, { sharingLimit: row.sharingLimit })];
    const run = simulatePool({
      pool,
      arrivalRatePerS: 4.8,
      dispatch: { policy: row.policy },
      demand: row.scv === 0 ? { distribution: 'deterministic' } : { distribution: 'lognormal', scv: row.scv },
      requests: 60_000,
      replications: 6,
    });
    const model = predict({ pool, arrivalRatePerS: 4.8, policy: row.policy, serviceScv: row.scv });
    const { mean, ci95, p95 } = run.responseTimeS;
    expect(Math.abs(model.responseTimeS.mean! - mean)).toBeLessThan((model.errorBoundPct / 100) * mean + ci95.mean);
    expect(Math.abs(model.responseTimeS.p95! / p95 - 1)).toBeLessThan(0.25);
  });
});

describe('percentileErrorBoundPct', () => {
  const pool = [vms(8, 10)];
  const at = (serviceScv: number) => predict({ pool, arrivalRatePerS: 60, policy: 'capacity', serviceScv });

  it.each([
    [0, { distribution: 'deterministic' }],
    [4, { distribution: 'lognormal', scv: 4 }],
    [8, { distribution: 'lognormal', scv: 8 }],
  ] as const)('covers p95 at an SCV of %f', (serviceScv, demand) => {
    const { responseTimeS } = simulatePool({
      pool,
      arrivalRatePerS: 60,
      dispatch: { policy: 'capacity' },
      demand,
      requests: 30_000,
      replications: 4,
    });
    const model = at(serviceScv);
    const errorPct = 100 * Math.abs(model.responseTimeS.p95! / responseTimeS.p95 - 1);
    expect(errorPct).toBeLessThan(model.percentileErrorBoundPct);
  });

  it('is next to nothing where the whole distribution is exact', () => {
    expect(at(1).percentileErrorBoundPct).toBeLessThan(0.5);
  });
});
