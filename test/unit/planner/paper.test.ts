import { describe, expect, it } from 'vitest';
import { plan } from '../../../lib/domain/planner/plan.ts';
import { productModel } from '../../../lib/domain/planner/queue-model.ts';
import type { Offer, PlanProblem } from '../../../lib/domain/planner/types.ts';

const offer = (id: string, serviceRatePerS: number, priceUsdPerHour: number): Offer => ({
  id,
  serviceRatePerS,
  priceUsdPerHour,
  cores: 1,
  sharingLimit: 16,
  networkS: 0,
});

const problem = (over: Partial<PlanProblem>): PlanProblem => ({
  arrivalRatePerS: 100,
  sla: { indicator: 'mean', targetS: 0.2 },
  policy: 'capacity',
  method: 'paper',
  offers: [offer('A', 10, 0.06)],
  ...over,
});

describe('the paper’s methods', () => {
  it('adds one at a time until C/(Σμ - λ) ≤ R', () => {
    // μ - 1/R = 5 per VM, so 100/s takes exactly 20 (equation 10 of the OaaS paper).
    expect(plan(problem({})).fleet).toEqual([{ offer: 'A', count: 20 }]);
  });

  it('takes the first offer by price per service rate, although it is the wrong order for the promise', () => {
    // small: 0.02/rate-unit, useful 6 - 5 = 1; big: 0.021/rate-unit, useful 45.
    const offers = [offer('big', 50, 1.05), offer('small', 6, 0.12)];
    const paper = plan(problem({ offers }));
    const exact = plan(problem({ offers, method: 'exact' }));
    expect(paper.fleet).toEqual([{ offer: 'small', count: 100 }]);
    expect(exact.fleet.find((f) => f.offer === 'big')?.count).toBeGreaterThanOrEqual(2);
    expect(exact.newUsdOverHorizon).toBeLessThan(paper.newUsdOverHorizon / 3);
    expect(paper.status).toBe('feasible');
    expect(paper.lowerBoundUsd).toBeCloseTo(exact.newUsdOverHorizon, 12);
  });

  it('says that no number of VMs would do, also where the limits end the loop first', () => {
    const result = plan(problem({ offers: [{ ...offer('slow', 4, 0.06), max: 30 }] }));
    expect(result.status).toBe('infeasible');
    expect(result.reason).toContain('no number of them meets the target of 0.2 s');
  });

  it('removes the shortest remaining rental first, while the target holds', () => {
    const offers = [offer('A', 10, 0.06), offer('B', 10, 0.06)];
    const result = plan(
      problem({
        offers,
        arrivalRatePerS: 5,
        billing: 'hourly',
        current: [
          { offer: 'A', state: 'running', count: 2, remainingRentalS: 900 },
          { offer: 'B', state: 'running', count: 1, remainingRentalS: 1800 },
          { offer: 'A', state: 'running', count: 1, remainingRentalS: 3000 },
        ],
      }),
    );
    expect(result.fleet).toEqual([{ offer: 'A', count: 1 }]);
    expect(result.newUsdOverHorizon).toBe(0);
    expect(result.actions.map((a) => [a.do, a.offer, a.count])).toEqual([
      ['keep', 'A', 1],
      ['drain', 'A', 2],
      ['drain', 'B', 1],
    ]);
  });

  it('goes by price per service rate, not by price', () => {
    const offers = [offer('small', 10, 0.06), offer('big', 50, 0.2)];
    // Useful capacity 45 each.
    expect(plan(problem({ offers, arrivalRatePerS: 90 })).fleet).toEqual([{ offer: 'big', count: 2 }]);
  });

  describe('scale-down', () => {
    const offers = [offer('A', 10, 0.06), offer('B', 10, 0.12), offer('big', 50, 0.3)];
    const running = (id: string, count: number, remainingRentalS: number) => ({
      offer: id,
      state: 'running' as const,
      count,
      remainingRentalS,
    });
    const kept = (current: PlanProblem['current'], over: Partial<PlanProblem> = {}) =>
      plan(problem({ offers, arrivalRatePerS: 5, billing: 'hourly', current, ...over })).fleet;

    it('keeps what is paid for longest, whatever it costs and in whatever order it is listed', () => {
      expect(kept([running('A', 2, 900), running('B', 1, 3000)])).toEqual([{ offer: 'B', count: 1 }]);
      expect(kept([running('B', 1, 3000), running('A', 2, 900)])).toEqual([{ offer: 'B', count: 1 }]);
    });

    it('lets the dearer per rate go first among equals', () => {
      expect(kept([running('A', 1, 900), running('B', 1, 900)])).toEqual([{ offer: 'A', count: 1 }]);
    });

    it('ends with the first VM that is needed, even if a later one is not', () => {
      // 40/s: the big one alone keeps 1/(50 - 40) = 0.1 s, but its hour ends first.
      const both = kept([running('big', 1, 100), running('A', 1, 3000)], { arrivalRatePerS: 40 });
      expect(both).toHaveLength(2);
    });

    it('stops at the least number of VMs, and grows up to it', () => {
      expect(kept([running('A', 1, 900)], { limits: { minVms: 3 } })).toEqual([{ offer: 'A', count: 3 }]);
      expect(kept([running('A', 4, 900)], { limits: { minVms: 3 } })).toEqual([{ offer: 'A', count: 3 }]);
    });
  });

  it('same, minimum and maximum only ever add their own offer (experiment 2)', () => {
    const offers = [offer('four', 4, 0.4), offer('ten', 10, 1), offer('sixteen', 16, 1.6)];
    const current = [{ offer: 'ten', state: 'running' as const, count: 4 }];
    const counts = (method: PlanProblem['method']) =>
      Object.fromEntries(
        plan(problem({ offers, current, method, sla: { indicator: 'mean', targetS: 0.5 } })).fleet.map((f) => [
          f.offer,
          f.count,
        ]),
      );
    // Useful capacity at R = 0.5: 2, 8 and 14; 4 x 8 = 32 of 100 are there.
    expect(counts('same')).toEqual({ ten: 13 });
    expect(counts('minimum')).toEqual({ ten: 4, four: 34 });
    expect(counts('maximum')).toEqual({ ten: 4, sixteen: 5 });
  });

  it.each(['paper', 'same', 'minimum', 'maximum'] as const)(
    '%s ends with a diagnosis where the loop would not',
    (method) => {
      for (const policy of ['capacity', 'even'] as const) {
        const result = plan(problem({ method, policy, offers: [offer('slow', 5, 0.01)] }));
        expect(result.status).toBe('infeasible');
        expect(result.reason).toContain('slow');
        expect(result.reason).toContain('0.2 s');
      }
    },
  );

  it.each(['jsq', 'session', 'round-robin', 'sqrt', 'capacity', 'even'] as const)(
    'agrees with adding one at a time over thousands of VMs (%s)',
    (policy) => {
      // The least count is where one less misses the target: that is where the loop stops.
      const p = problem({ policy, arrivalRatePerS: 4000, offers: [offer('A', 10, 0.06)] });
      const count = plan(p).fleet[0]!.count;
      const meets = (n: number) =>
        productModel.meanS({
          pool: [{ ...p.offers[0]!, count: n }],
          arrivalRatePerS: 4000,
          policy,
          session: { candidates: 5, threshold: 2, handoffS: 0.001 },
        }) <=
        0.2 * (1 + 1e-9);
      expect(meets(count)).toBe(true);
      expect(meets(count - 1)).toBe(false);
    },
  );
});
