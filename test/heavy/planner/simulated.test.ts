import { describe, expect, it } from 'vitest';
import { plan } from '../../../lib/domain/planner/plan.ts';
import type { Policy } from '../../../lib/domain/queueing/types.ts';
import { simulatedPolicy } from '../../../lib/simulator/engine/policies/policy.ts';
import { simulatePool } from '../../../lib/simulator/engine/simulate-pool.ts';
import { randomSource, session, smallProblem } from '../../support/planner-problems.ts';

/** Policies and problems of each; a fleet is held to its own target, so every feasible plan counts. */
const kinds: [Policy, 'mean' | 'p95', number][] = [
  ['jsq', 'mean', 60],
  ['jsq', 'p95', 20],
  ['capacity', 'mean', 25],
  ['sqrt', 'mean', 15],
  ['even', 'mean', 15],
  ['round-robin', 'mean', 20],
  ['session', 'mean', 25],
];

describe('every planned fleet, simulated, meets 1.03 x its target', () => {
  it.each(kinds)('%s %s: %i problems', (policy, indicator, problems) => {
    const random = randomSource(problems + 1);
    const missed: string[] = [];
    let simulated = 0;
    for (let k = 0; k < problems; k++) {
      const problem = smallProblem(random, policy, indicator);
      // Larger than what brute force can do: up to some 60 VMs.
      const scaled = {
        ...problem,
        arrivalRatePerS: problem.arrivalRatePerS * (1 + 6 * random()),
        offers: problem.offers.map((o) => ({ ...o, max: 60 })),
        limits: {},
      };
      const result = plan(scaled);
      const pool = scaled.offers.flatMap((o) => {
        const count = result.fleet.find((f) => f.offer === o.id)?.count ?? 0;
        return count > 0 ? [{ ...o, count }] : [];
      });
      if (pool.length === 0) continue;
      simulated++;
      const { responseTimeS } = simulatePool({
        pool,
        arrivalRatePerS: scaled.arrivalRatePerS,
        dispatch: simulatedPolicy({ policy, session }),
        requests: 60_000,
        replications: 4,
        seed: k + 1,
      });
      const slowest = responseTimeS[indicator] - responseTimeS.ci95[indicator];
      if (slowest > 1.03 * scaled.sla.targetS) {
        missed.push(
          `${responseTimeS[indicator] / scaled.sla.targetS} x: ${JSON.stringify({ scaled, fleet: result.fleet })}`,
        );
      }
    }
    expect(simulated).toBeGreaterThan(problems / 2);
    expect(missed).toEqual([]);
  });
});
