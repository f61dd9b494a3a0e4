import { describe, expect, it } from 'vitest';
import { type CiwCase, runCiw } from '../../../bench/ciw/ciw.ts';
import { type Estimate, estimate } from '../../../lib/simulator/engine/confidence.ts';
import { simulatePool } from '../../../lib/simulator/engine/simulate-pool.ts';

const vm = (coreRatePerS: number, sharingLimit: number, cores = 1) => ({ coreRatePerS, sharingLimit, cores });
const common = { requests: 15_000, warmup: 2000, replications: 6, seed: 1 };
const cases: Record<string, CiwCase> = {
  'M/M/1, at most 3 share': {
    ...common,
    vms: [vm(10, 3)],
    arrivalRatePerS: 7,
    demand: { distribution: 'exponential' },
  },
  'deterministic work on 2 cores, at most 4 share': {
    ...common,
    vms: [vm(10, 4, 2)],
    arrivalRatePerS: 16,
    demand: { distribution: 'deterministic' },
  },
  'lognormal work, at most 2 share': {
    ...common,
    replications: 10,
    vms: [vm(10, 2)],
    arrivalRatePerS: 6,
    demand: { distribution: 'lognormal', scv: 2 },
  },
  'JSQ over 3 VMs, exponential': {
    ...common,
    replications: 12,
    vms: [vm(10, 2), vm(10, 2), vm(10, 2)],
    arrivalRatePerS: 24,
    demand: { distribution: 'exponential' },
  },
  'JSQ over 3 VMs, lognormal': {
    ...common,
    replications: 12,
    vms: [vm(10, 3), vm(10, 3), vm(10, 3)],
    arrivalRatePerS: 22,
    demand: { distribution: 'lognormal', scv: 2 },
  },
};

const half = (a: Estimate, b: { value: number; ci95: number }) => 1.5 * Math.hypot(a.ci95, b.ci95);

describe('against Ciw, an independent simulator', async () => {
  const results = await runCiw(Object.values(cases));

  it.each(Object.entries(cases).map(([name, input], i) => [name, input, results[i]!] as const))(
    '%s: response, waiting and service agree within their confidence intervals',
    (_name, input, ciw) => {
      const ours = simulatePool({
        pool: input.vms.map((v) => ({
          serviceRatePerS: v.coreRatePerS * v.cores,
          cores: v.cores,
          sharingLimit: v.sharingLimit,
          networkS: 0,
          count: 1,
        })),
        arrivalRatePerS: input.arrivalRatePerS,
        dispatch: { policy: 'jsq' },
        demand: input.demand,
        requests: 200_000,
        replications: 10,
        seed: 2,
      });
      for (const [ourTime, theirs] of [
        [ours.responseTimeS, ciw.responseS],
        [ours.waitingTimeS, ciw.waitingS],
        [ours.serviceTimeS, ciw.serviceS],
      ] as const) {
        const peer = estimate(theirs);
        const bound = half(peer, { value: ourTime.mean, ci95: ourTime.ci95.mean });
        expect(Math.abs(ourTime.mean - peer.value), `ours ${ourTime.mean}, Ciw ${peer.value}`).toBeLessThan(bound);
      }
      const response = estimate(ciw.responseS);
      // The comparison is sharp: it would see a tenth.
      expect(half(response, { value: ours.responseTimeS.mean, ci95: ours.responseTimeS.ci95.mean })).toBeLessThan(
        0.1 * response.value,
      );
    },
  );
});
