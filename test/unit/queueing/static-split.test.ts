import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitedSharingNumbers, marginalDelayS } from '../../../lib/domain/queueing/limited-sharing.ts';
import { predict, predictMeanS } from '../../../lib/domain/queueing/predict.ts';
import { splitArrivalRate } from '../../../lib/domain/queueing/static-split.ts';
import { capacityOf, type Station, stationOf } from '../../../lib/domain/queueing/station.ts';
import { vms } from './support.ts';

/** Pools of 1-4 groups, and a utilization. */
const pools = fc.record({
  groups: fc.array(
    fc.record({
      coreRatePerS: fc.double({ min: 0.3, max: 4, noNaN: true }),
      cores: fc.integer({ min: 1, max: 8 }),
      count: fc.integer({ min: 1, max: 9 }),
      networkS: fc.double({ min: 0, max: 0.5, noNaN: true }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  rho: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
});

const meanOf = (stations: readonly Station[], rates: readonly number[]) =>
  stations.reduce(
    (sum, s, g) => sum + s.count * (limitedSharingNumbers(rates[g]!, s).inSystem + rates[g]! * s.networkS),
    0,
  );

describe('static splits: equations 4-10 of the OaaS paper', () => {
  const pool = [vms(1, 5, { sharingLimit: 2 }), vms(1, 7, { sharingLimit: 2 })];

  it('even: E[T] = Σ (1/C)/(μ_i - λ/C)', () => {
    expect(predictMeanS({ pool, arrivalRatePerS: 6, policy: 'even' })).toBeCloseTo(0.5 / (5 - 3) + 0.5 / (7 - 3), 12);
  });

  it('capacity-based: E[T] = C/(Σμ - λ), waiting and service by equations 8 and 9', () => {
    const result = predict({ pool, arrivalRatePerS: 6, policy: 'capacity' });
    expect(result.responseTimeS.mean).toBeCloseTo(2 / (12 - 6), 12);
    const rho = 0.5;
    const waiting = (5 / 12) * (rho ** 2 / (5 - 2.5)) + (7 / 12) * (rho ** 2 / (7 - 3.5));
    expect(result.waitingTimeS.mean).toBeCloseTo(waiting, 12);
    expect(result.serviceTimeS.mean).toBeCloseTo(2 / 6 - waiting, 12);
    expect(result).toMatchObject({ method: 'exact', errorBoundPct: 0, utilization: 0.5, status: 'stable' });
  });

  it('sqrt: λ_i = μ_i - √μ_i (Σμ - λ)/Σ√μ over the VMs kept on', () => {
    const rates = splitArrivalRate(pool.map(stationOf), 6, 'sqrt');
    const slack = 6 / (Math.sqrt(5) + Math.sqrt(7));
    expect(rates[0]).toBeCloseTo(5 - Math.sqrt(5) * slack, 9);
    expect(rates[1]).toBeCloseTo(7 - Math.sqrt(7) * slack, 9);
  });

  it('sqrt leaves out VMs too slow to help', () => {
    const [slow, fast] = splitArrivalRate([vms(3, 0.1), vms(1, 10)].map(stationOf), 1, 'sqrt');
    expect(slow).toBe(0);
    expect(fast).toBeCloseTo(1, 9);
    const rows = predict({ pool: [vms(1, 0.1), vms(1, 10)], arrivalRatePerS: 1, policy: 'sqrt' }).perVm;
    expect(rows[0]).toEqual({ arrivalRatePerS: 0, utilization: 0, responseTimeS: { mean: null } });
  });

  it('sqrt equalises marginal delays and no other split is better', () => {
    fc.assert(
      fc.property(pools, ({ groups, rho }) => {
        const stations = groups.map((g) => stationOf(vms(g.count, g.coreRatePerS, g)));
        const lambda = rho * capacityOf(stations);
        const rates = splitArrivalRate(stations, lambda, 'sqrt');
        expect(stations.reduce((sum, s, g) => sum + s.count * rates[g]!, 0)).toBeCloseTo(lambda, 6);
        const marginal = stations.map((s, g) => s.networkS + marginalDelayS(rates[g]!, s));
        const used = marginal.filter((_, g) => rates[g]! > 1e-6 * lambda);
        const price = Math.max(...used);
        expect(Math.min(...used)).toBeGreaterThan(price * (1 - 1e-5));
        stations.forEach((s, g) => {
          if (rates[g] === 0) expect(s.networkS + 1 / s.coreRatePerS).toBeGreaterThan(price * (1 - 1e-6));
        });
        const best = meanOf(stations, rates);
        for (const policy of ['even', 'capacity'] as const) {
          expect(best).toBeLessThanOrEqual(meanOf(stations, splitArrivalRate(stations, lambda, policy)) * (1 + 1e-9));
        }
      }),
      {
        numRuns: 50,
        // Eight cores at next to no load: a marginal delay that stays flat.
        examples: [
          [
            {
              groups: [
                { coreRatePerS: 0.36818497507059295, cores: 1, count: 8, networkS: 0 },
                { coreRatePerS: 0.3, cores: 8, count: 2, networkS: 0 },
              ],
              rho: 0.05,
            },
          ],
        ],
      },
    );
  });
});
