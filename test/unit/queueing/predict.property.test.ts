import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predict, predictMeanS } from '../../../lib/domain/queueing/predict.ts';
import type { ModelInput, VmGroup } from '../../../lib/domain/queueing/types.ts';
import { modelInputSchema, modelResultSchema } from '../../../lib/ports/contracts/model.ts';

const group: fc.Arbitrary<VmGroup> = fc.record({
  serviceRatePerS: fc.double({ min: 0.5, max: 60, noNaN: true }),
  cores: fc.integer({ min: 1, max: 16 }),
  sharingLimit: fc.integer({ min: 1, max: 32 }),
  count: fc.integer({ min: 1, max: 15 }),
  networkS: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.2, noNaN: true })),
});

const capacityOf = (pool: readonly VmGroup[]) =>
  pool.reduce((sum, g) => sum + (g.count * Math.min(g.cores, g.sharingLimit) * g.serviceRatePerS) / g.cores, 0);

const inputs = fc
  .record({
    pool: fc.array(group, { minLength: 1, maxLength: 4 }),
    rho: fc.oneof(
      { weight: 1, arbitrary: fc.constant(0) },
      { weight: 9, arbitrary: fc.double({ min: 1e-3, max: 1.1, noNaN: true }) },
    ),
    policy: fc.constantFrom('even', 'capacity', 'sqrt', 'round-robin', 'jsq', 'session' as const),
    session: fc.record({
      candidates: fc.integer({ min: 1, max: 8 }),
      threshold: fc.integer({ min: 1, max: 8 }),
      handoffS: fc.constantFrom(0, 0.01),
    }),
    serviceScv: fc.constantFrom(undefined, 0, 0.5, 1, 5),
    snapshotAgeS: fc.constantFrom(undefined, 0, 0.1, 10),
  })
  .map(
    ({ rho, serviceScv, snapshotAgeS, ...input }): ModelInput => ({
      ...input,
      arrivalRatePerS: rho * capacityOf(input.pool),
      ...(serviceScv !== undefined && { serviceScv }),
      ...(snapshotAgeS !== undefined && input.policy === 'jsq' && { snapshotAgeS }),
    }),
  );

const runs = { numRuns: 200 };

describe('any pool under any policy', () => {
  it('answers in the published form, finite and ordered when stable, null when not', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        expect(modelInputSchema.safeParse(input).success).toBe(true);
        const result = predict(input);
        expect(modelResultSchema.parse(result)).toEqual(result);
        expect(result.perVm.length).toBe(input.pool.reduce((sum, g) => sum + g.count, 0));
        expect(result.utilization).toBeCloseTo(input.arrivalRatePerS / capacityOf(input.pool), 9);
        const { mean, p50, p95, p99 } = result.responseTimeS;
        if (result.status === 'unstable') {
          expect([mean, p50, p95, p99, result.waitingTimeS.mean, result.serviceTimeS.mean]).toEqual(
            Array(6).fill(null),
          );
          expect(predictMeanS(input)).toBe(Number.POSITIVE_INFINITY);
          return;
        }
        expect(mean).toBe(predictMeanS(input));
        expect(p50!).toBeGreaterThan(0);
        expect(p95!).toBeGreaterThanOrEqual(p50!);
        expect(p99!).toBeGreaterThanOrEqual(p95!);
        expect(result.waitingTimeS.mean!).toBeGreaterThanOrEqual(0);
        expect(result.method === 'exact').toBe(result.errorBoundPct === 0);
      }),
      runs,
    );
  });

  it('conserves requests and means over its VMs', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const result = predict(input);
        fc.pre(result.status === 'stable' && input.arrivalRatePerS > 0);
        const flow = result.perVm.reduce((sum, row) => sum + row.arrivalRatePerS, 0);
        expect(flow / input.arrivalRatePerS).toBeCloseTo(1, 6);
        const mean = result.perVm.reduce((sum, row) => sum + row.arrivalRatePerS * (row.responseTimeS.mean ?? 0), 0);
        expect(mean / flow / result.responseTimeS.mean!).toBeCloseTo(1, 6);
        const groups = input.pool.flatMap((g) => Array.from({ length: g.count }, () => g));
        const network = result.perVm.reduce((sum, row, i) => sum + row.arrivalRatePerS * groups[i]!.networkS, 0) / flow;
        const parts = result.waitingTimeS.mean! + result.serviceTimeS.mean! + network;
        if (input.policy !== 'session') expect(parts / result.responseTimeS.mean!).toBeCloseTo(1, 6);
        for (const row of result.perVm) expect(row.utilization).toBeLessThan(1 + 1e-9);
      }),
      runs,
    );
  });

  it('is unstable from full load on, and grows with the load under one speed', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const pool = [{ ...input.pool[0]!, networkS: 0 }];
        const capacity = capacityOf(pool);
        const at = (rho: number) => predictMeanS({ ...input, pool, arrivalRatePerS: rho * capacity });
        expect(at(1)).toBe(Number.POSITIVE_INFINITY);
        let last = 0;
        for (const rho of [0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95]) {
          const mean = at(rho);
          expect(mean).toBeGreaterThanOrEqual(last * (1 - 1e-6));
          last = mean;
        }
      }),
      { numRuns: 60 },
    );
  });
});
