import { describe, expect, it } from 'vitest';
import { simulatePool } from '../../../lib/simulator/engine/simulate-pool.ts';
import { agrees, erlangB, erlangC, expectAgreement, vms } from './support.ts';

const kernels = ['exponential', 'general'] as const;

describe.each(kernels)('one VM, exponential service, %s kernel', (kernel) => {
  const run = (rho: number, sharingLimit: number, cores = 1, more = {}) =>
    simulatePool({
      pool: [vms(1, 10, { sharingLimit, cores })],
      arrivalRatePerS: 10 * rho,
      dispatch: { policy: 'even' },
      kernel,
      seed: 11,
      requests: 100_000,
      replications: 12,
      ...more,
    });

  it.each([
    [0.5, 1],
    [0.5, 2],
    [0.8, 4],
  ])('splits waiting and service as equations 1-3 say (rho %d, N %d)', (rho, N) => {
    const result = run(rho, N);
    const slack = 10 - 10 * rho;
    expectAgreement(result.responseTimeS.mean, result.responseTimeS.ci95.mean, 1 / slack);
    expectAgreement(result.serviceTimeS.mean, result.serviceTimeS.ci95.mean, (1 - rho ** N) / slack);
    const { mean, ci95 } = result.waitingTimeS;
    expect(agrees(mean, ci95.mean, rho ** N / slack, 0.06), `${mean} ± ${ci95.mean}`).toBe(true);
    expect(agrees(mean, ci95.mean, rho ** (N + 1) / slack, 0.06), 'the check tells N from N + 1').toBe(false);
    expect(result.utilization.value).toBeCloseTo(rho, 1);
  });

  it('has the exponential percentiles of M/M/1 first come first served when N = 1', () => {
    const { responseTimeS } = run(0.7, 1);
    for (const [q, p] of [
      [0.5, 'p50'],
      [0.95, 'p95'],
      [0.99, 'p99'],
    ] as const) {
      expectAgreement(responseTimeS[p], responseTimeS.ci95[p], -Math.log(1 - q) / 3);
    }
  });

  it('is M/M/c with c cores (Erlang C)', () => {
    const cores = 4;
    const result = run(0.75, cores, cores, { requests: 200_000 });
    const waitingS = erlangC(3, cores) / (10 - 7.5);
    expectAgreement(result.responseTimeS.mean, result.responseTimeS.ci95.mean, waitingS + cores / 10);
    expectAgreement(result.waitingTimeS.mean, result.waitingTimeS.ci95.mean, waitingS);
  });

  it('refuses as Erlang B says when nobody may wait', () => {
    const result = run(1.2, 4, 4, { queueLimit: 0 });
    const refused = result.refused / result.requests;
    expect(Math.abs(refused - erlangB(4.8, 4))).toBeLessThan(0.003);
  });
});

describe('one VM, other service distributions', () => {
  const run = (sharingLimit: number, demand: Parameters<typeof simulatePool>[0]['demand'], requests = 100_000) =>
    simulatePool({
      pool: [vms(1, 10, { sharingLimit })],
      arrivalRatePerS: 7,
      dispatch: { policy: 'even' },
      ...(demand && { demand }),
      seed: 5,
      requests,
      replications: 12,
    });

  it.each([
    { distribution: 'deterministic' },
    { distribution: 'lognormal', scv: 4 },
    { distribution: 'hyperexponential', scv: 4 },
    { distribution: 'erlang', phases: 3 },
    { distribution: 'empirical', values: [1, 1, 1, 9] },
    {
      distribution: 'mixture',
      apps: [
        { share: 3, mean: 1, demand: { distribution: 'deterministic' } },
        { share: 1, mean: 6, demand: { distribution: 'exponential' } },
      ],
    },
  ] as const)('the mean response of unlimited sharing does not depend on it: $distribution', (demand) => {
    const { responseTimeS } = run(1000, demand, 120_000);
    expectAgreement(responseTimeS.mean, responseTimeS.ci95.mean, 1 / 3);
  });

  it.each([
    [{ distribution: 'deterministic' } as const, 0],
    [{ distribution: 'erlang', phases: 4 } as const, 0.25],
    [{ distribution: 'lognormal', scv: 2 } as const, 2],
  ])('one at a time waits as Pollaczek and Khinchine say (%o)', (demand, scv) => {
    const { waitingTimeS } = run(1, demand, 200_000);
    expectAgreement(waitingTimeS.mean, waitingTimeS.ci95.mean, ((0.7 / 0.3) * ((1 + scv) / 2)) / 10);
  });

  it('renewal arrivals: D/M/1 waits as its root says', () => {
    const result = simulatePool({
      pool: [vms(1, 10, { sharingLimit: 1 })],
      arrivalRatePerS: 7,
      arrivals: { process: 'renewal', ratePerS: 7, gap: { distribution: 'deterministic' } },
      dispatch: { policy: 'even' },
      seed: 3,
      requests: 100_000,
      replications: 12,
    });
    // G/M/1: response is exponential with rate μ (1 - σ), σ = exp(-(μ/λ)(1 - σ)).
    let sigma = 0.5;
    for (let i = 0; i < 200; i++) sigma = Math.exp((-10 / 7) * (1 - sigma));
    expectAgreement(result.responseTimeS.mean, result.responseTimeS.ci95.mean, 1 / (10 * (1 - sigma)));
    expectAgreement(result.responseTimeS.p95, result.responseTimeS.ci95.p95, -Math.log(0.05) / (10 * (1 - sigma)));
  });
});
