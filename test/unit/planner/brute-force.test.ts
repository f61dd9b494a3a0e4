import { describe, expect, it } from 'vitest';
import { plan } from '../../../lib/domain/planner/plan.ts';
import type { Indicator } from '../../../lib/domain/planner/types.ts';
import type { Policy } from '../../../lib/domain/queueing/types.ts';
import { bruteForce, fleetCost, keepsPromise, randomSource, smallProblem } from '../../support/planner-problems.ts';

/** How many problems of each kind; more than 1,000 together. */
const kinds: [Policy, Indicator, number][] = [
  ['jsq', 'mean', 350],
  ['capacity', 'mean', 250],
  ['even', 'mean', 150],
  ['sqrt', 'mean', 150],
  ['round-robin', 'mean', 100],
  ['session', 'mean', 60],
  ['jsq', 'p95', 25],
  ['capacity', 'p95', 25],
  ['even', 'p99', 10],
];

describe('exact against every fleet there is', () => {
  it.each(kinds)('%s %s: no cheaper fleet exists in any of %i problems', (policy, indicator, problems) => {
    const random = randomSource(problems);
    let feasible = 0;
    for (let k = 0; k < problems; k++) {
      const problem = smallProblem(random, policy, indicator);
      const best = bruteForce(problem);
      const result = plan(problem);
      const shown = () => JSON.stringify({ problem, result, best });
      if (best === null) {
        expect(result.status, shown()).toBe('infeasible');
        expect(result.reason, shown()).toBeTruthy();
        continue;
      }
      feasible++;
      const counts = problem.offers.map((o) => result.fleet.find((f) => f.offer === o.id)?.count ?? 0);
      expect(result.status, shown()).toBe('optimal');
      expect(keepsPromise(problem, counts), shown()).toBe(true);
      expect(result.newUsdOverHorizon, shown()).toBeCloseTo(fleetCost(problem, counts), 10);
      expect(result.newUsdOverHorizon, shown()).toBeLessThanOrEqual(best * (1 + 1e-9) + 1e-12);
      expect(result.lowerBoundUsd, shown()).toBeLessThanOrEqual(best * (1 + 1e-9) + 1e-12);
    }
    // The comparison is worth something only where fleets exist, and where they do not.
    expect(feasible).toBeGreaterThan(problems / 4);
    expect(feasible).toBeLessThan(problems);
  });
});
