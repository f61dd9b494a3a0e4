import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverKnapsack } from '../../../lib/domain/planner/knapsack.ts';
import { addRow, createLp, lpPoint, setBounds, solveLp } from '../../../lib/domain/planner/lp.ts';
import { plan } from '../../../lib/domain/planner/plan.ts';
import type { Offer, PlanProblem } from '../../../lib/domain/planner/types.ts';
import { loadHighs, lpText } from '../../support/highs.ts';
import { randomSource } from '../../support/planner-problems.ts';

const highs = await loadHighs();
const exactly = { mip_rel_gap: 0, mip_abs_gap: 0 };

/** A problem of the linear kind with many offers, prices close to proportional as EC2's are. */
function linearProblem(random: () => number, offers: number, max: number | undefined): PlanProblem {
  const targetS = 0.035 + 0.2 * random();
  return {
    arrivalRatePerS: 200 + 20_000 * random(),
    sla: { indicator: 'mean', targetS },
    policy: 'capacity',
    offers: Array.from({ length: offers }, (_, i): Offer => {
      const serviceRatePerS = 20 + 180 * random();
      return {
        id: `o${i}`,
        serviceRatePerS,
        cores: 1,
        sharingLimit: 16,
        priceUsdPerHour: Number((serviceRatePerS * 0.001 * (0.9 + 0.4 * random())).toFixed(4)),
        networkS: 0.01,
        ...(max === undefined ? {} : { max: 1 + Math.floor(max * random()) }),
      };
    }),
  };
}

describe('the linear case', () => {
  it.each([
    [4, undefined, 8],
    [12, 20, 20],
    [40, 10, 3],
  ])('%i offers (max %s): as cheap as HiGHS in each of %i problems', (offers, max, problems) => {
    const random = randomSource(offers);
    for (let k = 0; k < problems; k++) {
      const problem = linearProblem(random, offers, max);
      const { arrivalRatePerS, sla } = problem;
      const worth = problem.offers.map((o) => o.serviceRatePerS - 1 / (sla.targetS - o.networkS));
      const most = problem.offers.map((o, j) => Math.min(o.max ?? 1e6, worth[j]! > 0 ? 1e6 : 0));
      const text = lpText(
        problem.offers.map((o) => o.priceUsdPerHour),
        most,
        [{ worth, atLeast: arrivalRatePerS }],
        true,
      );
      const reference = highs.solve(text, exactly);
      const result = plan(problem);
      if (reference.Status !== 'Optimal') {
        expect(result.status).toBe('infeasible');
        continue;
      }
      expect(result.status, JSON.stringify(problem)).toBe('optimal');
      expect(result.costUsdPerHour, JSON.stringify(problem)).toBeLessThanOrEqual(reference.ObjectiveValue * (1 + 1e-7));
      expect(result.costUsdPerHour).toBeGreaterThanOrEqual(reference.ObjectiveValue * (1 - 1e-6));
      expect(result.gapPct).toBe(0);
      expect(result.predicted.responseTimeS.mean).toBeLessThanOrEqual(sla.targetS * (1 + 1e-9));
    }
  });

  it('is not led astray by price per service rate', () => {
    // R = 0.2 s takes 5/s off each VM: a is $0.02 per useful request/s, b $0.0125, although a is cheaper per service rate.
    const offer = (id: string, serviceRatePerS: number, priceUsdPerHour: number): Offer => ({
      id,
      serviceRatePerS,
      priceUsdPerHour,
      cores: 1,
      sharingLimit: 16,
      networkS: 0,
    });
    const result = plan({
      arrivalRatePerS: 160,
      sla: { indicator: 'mean', targetS: 0.2 },
      policy: 'capacity',
      offers: [offer('a', 10, 0.1), offer('b', 25, 0.26)],
    });
    expect(result.fleet).toEqual([{ offer: 'b', count: 8 }]);
    expect(result.costUsdPerHour).toBeCloseTo(8 * 0.26, 12);
    expect(result.newUsdOverHorizon).toBeCloseTo((8 * 0.26 * 600) / 3600, 12);
  });

  it('the knapsack covers its demand with no item beyond its max, whatever the input', () => {
    const item = fc.record({
      cost: fc.integer({ min: 0, max: 1000 }).map((c) => c / 97),
      value: fc.integer({ min: -500, max: 2000 }).map((v) => v / 83),
      max: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant(Number.POSITIVE_INFINITY)),
    });
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 12 }),
        fc.double({ min: 1e-3, max: 500, noNaN: true }),
        (items, demand) => {
          const solution = coverKnapsack(items, demand);
          const most = items.reduce((sum, i) => sum + (i.value > 0 && i.max > 0 ? i.value * i.max : 0), 0);
          if (solution === null) {
            expect(most).toBeLessThan(demand * (1 + 1e-9));
            return;
          }
          const covered = solution.counts.reduce((sum, x, j) => (x > 0 ? sum + x * items[j]!.value : sum), 0);
          expect(covered).toBeGreaterThanOrEqual(demand * (1 - 1e-8));
          solution.counts.forEach((x, j) => {
            expect(x).toBeLessThanOrEqual(items[j]!.max);
          });
          expect(solution.lowerBound).toBeLessThanOrEqual(solution.cost);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('the linear programs agree with HiGHS, bounds tightened afterwards included', () => {
    const random = randomSource(7);
    const decimal = (from: number, to: number) => Number((from + (to - from) * random()).toFixed(3));
    let feasible = 0;
    for (let k = 0; k < 60; k++) {
      const n = 1 + Math.floor(random() * 8);
      const cost = Array.from({ length: n }, () => decimal(0, 5));
      const max = Array.from({ length: n }, () => 1 + Math.floor(random() * 9));
      const rows = Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({
        worth: Array.from({ length: n }, () => decimal(-3, 7)),
        atLeast: decimal(-5, 40),
      }));
      const lp = createLp(
        cost,
        max.map(() => 0),
        max,
      );
      for (const { worth, atLeast } of rows) addRow(lp, { coefficients: Float64Array.from(worth), atLeast });
      let solved = solveLp(lp);
      for (let round = 0; round < 2; round++) {
        const reference = highs.solve(lpText(cost, max, rows, false));
        expect(solved).toBe(reference.Status === 'Optimal');
        if (!solved) break;
        feasible++;
        expect(lp.objective).toBeCloseTo(reference.ObjectiveValue, 5);
        const j = Math.floor(random() * n);
        max[j] = Math.floor(lpPoint(lp, n)[j]! + 1e-6);
        setBounds(lp, j, 0, max[j]!);
        solved = solveLp(lp);
      }
    }
    expect(feasible).toBeGreaterThan(20);
  });
});
