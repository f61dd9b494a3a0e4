import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SimulatedPolicy } from '../../../lib/simulator/engine/policies/policy.ts';
import { simulatePool } from '../../../lib/simulator/engine/simulate-pool.ts';

const group = fc.record({
  serviceRatePerS: fc.constantFrom(5, 10, 20, 40),
  cores: fc.integer({ min: 1, max: 4 }),
  sharingLimit: fc.constantFrom(1, 2, 4, 16),
  networkS: fc.constantFrom(0, 0.02),
  count: fc.integer({ min: 1, max: 8 }),
});
const policy = fc.constantFrom<SimulatedPolicy>(
  { policy: 'even' },
  { policy: 'capacity' },
  { policy: 'round-robin', dispatchers: 2 },
  { policy: 'jsq' },
  { policy: 'power-of-choices', choices: 2 },
  { policy: 'session', session: { candidates: 3, threshold: 2, handoffS: 0.005 } },
  { policy: 'stale-jsq', reports: { intervalS: 0.1, timing: 'staggered' }, dispatchers: 2, countOwn: true },
  { policy: 'join-idle-queue', dispatchers: 2 },
);

describe('the two kernels', () => {
  it('agree on random pools under every policy: they share nothing but the rules', () => {
    fc.assert(
      fc.property(
        fc.array(group, { minLength: 1, maxLength: 3 }),
        policy,
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        (pool, dispatch, rho) => {
          const rates = pool.map((g) => (g.serviceRatePerS * Math.min(g.cores, g.sharingLimit)) / g.cores);
          // An even split is stable only up to the slowest VM.
          const blind = dispatch.policy === 'even' || dispatch.policy === 'round-robin';
          const vms = pool.reduce((sum, g) => sum + g.count, 0);
          const capacity = blind
            ? Math.min(...rates) * vms
            : pool.reduce((sum, g, i) => sum + g.count * rates[i]!, 0) * (dispatch.policy === 'jsq' ? 1 : 0.8);
          const both = (['exponential', 'general'] as const).map((kernel, i) =>
            simulatePool({
              pool,
              arrivalRatePerS: rho * capacity,
              dispatch,
              kernel,
              seed: 10 + i,
              requests: 40_000,
              replications: 8,
            }),
          );
          for (const time of ['responseTimeS', 'waitingTimeS', 'serviceTimeS'] as const) {
            const [a, b] = [both[0]![time], both[1]![time]];
            // Thirty pools and three times: two half-widths of the difference, and a little for the smallest means.
            const bound = 2 * Math.hypot(a.ci95.mean, b.ci95.mean) + 0.002 * both[0]!.responseTimeS.mean;
            expect(Math.abs(a.mean - b.mean), `${time}: ${a.mean} against ${b.mean}`).toBeLessThan(bound);
          }
        },
      ),
      { numRuns: 30, seed: 3, endOnFailure: true },
    );
  });
});
