import { describe, expect, it } from 'vitest';
import { solvePool } from '../../../lib/domain/queueing/jsq-chain.ts';
import { predict, predictMeanS } from '../../../lib/domain/queueing/predict.ts';
import { stationOf } from '../../../lib/domain/queueing/station.ts';
import type { ModelInput, VmGroup } from '../../../lib/domain/queueing/types.ts';
import { simulatePool } from '../../../lib/simulator/engine/simulate-pool.ts';
import { twoVmMeanResponseS } from '../simulator/two-vm-chain.ts';
import { vms } from './support.ts';

const jsq = (pool: VmGroup[], arrivalRatePerS: number): ModelInput => ({ pool, arrivalRatePerS, policy: 'jsq' });

describe('JSQ', () => {
  it('on one VM is M/M/m, exactly', () => {
    const pool = [vms(1, 2, { cores: 3, networkS: 0.1 })];
    const one = predict(jsq(pool, 5));
    expect(one).toEqual({ ...predict({ pool, arrivalRatePerS: 5, policy: 'even' }) });
    expect(one).toMatchObject({ method: 'exact', errorBoundPct: 0 });
  });

  it.each([{ rho: 0.3 }, { rho: 0.6 }, { rho: 0.9 }])('two equal VMs: within 1 % of the chain, rho $rho', ({ rho }) => {
    const exact = twoVmMeanResponseS(
      [
        { rate: 1, networkS: 0 },
        { rate: 1, networkS: 0 },
      ],
      2 * rho,
      (n, vm) => (n + 1) / vm.rate,
      90,
    );
    expect(Math.abs(predictMeanS(jsq([vms(2, 1)], 2 * rho)) / exact - 1)).toBeLessThan(0.01);
  });

  it.each([
    { fast: 3, networkS: 0, rho: 0.7 },
    { fast: 2, networkS: 0.3, rho: 0.85 },
    { fast: 6, networkS: 0, rho: 0.5 },
  ])('two unequal VMs: within the stated bound of the chain, $fast times as fast', ({ fast, networkS, rho }) => {
    const exact = twoVmMeanResponseS(
      [
        { rate: fast, networkS },
        { rate: 1, networkS: 0 },
      ],
      rho * (fast + 1),
      (n, vm) => vm.networkS + (n + 1) / vm.rate,
      60,
    );
    const result = predict(jsq([vms(1, fast, { networkS }), vms(1, 1)], rho * (fast + 1)));
    expect(Math.abs(result.responseTimeS.mean! / exact - 1)).toBeLessThan(result.errorBoundPct / 100);
  });

  it('is never better than one queue for all cores, and nears it in heavy traffic', () => {
    const pooled = (lambda: number) => predictMeanS(jsq([vms(1, 1, { cores: 20, sharingLimit: 100 })], lambda));
    for (const rho of [0.3, 0.7, 0.9, 0.99]) {
      expect(predictMeanS(jsq([vms(20, 1)], 20 * rho))).toBeGreaterThanOrEqual(pooled(20 * rho) * 0.9999);
    }
    expect(predictMeanS(jsq([vms(20, 1)], 20 * 0.999)) / pooled(20 * 0.999)).toBeLessThan(1.03);
  });

  it('does not mind how identical VMs are grouped, nor in which order', () => {
    const whole = predictMeanS(jsq([vms(6, 1), vms(2, 3, { cores: 2 })], 9));
    expect(predictMeanS(jsq([vms(1, 1), vms(2, 3, { cores: 2 }), vms(5, 1)], 9))).toBeCloseTo(whole, 9);
    expect(predictMeanS(jsq([vms(2, 3, { cores: 2 }), vms(6, 1)], 9))).toBeCloseTo(whole, 9);
  });

  it('solves the number in the pool as a probability distribution', () => {
    const chain = solvePool([vms(5, 1), vms(3, 2, { cores: 4 })].map(stationOf), 20);
    const listed = chain.probability.reduce((sum, p) => sum + p, 0);
    const last = chain.probability[chain.probability.length - 1]!;
    expect(listed + (last * chain.tailRatio) / (1 - chain.tailRatio)).toBeCloseTo(1, 9);
  });

  it('leaves far VMs alone until the near ones are busier than the way is long', () => {
    const pool = [vms(4, 10), vms(4, 10, { networkS: 5 })];
    expect(predict(jsq(pool, 4)).perVm[7]!.arrivalRatePerS).toBeLessThan(1e-6);
    expect(predict(jsq(pool, 70)).perVm[7]!.arrivalRatePerS).toBeGreaterThan(1);
  });

  it('agrees with simulation on a mixed multi-core fleet: mean, p50, p95, share per group', () => {
    const pool = [vms(6, 1, { cores: 4 }), vms(8, 2), vms(3, 0.7, { cores: 8, sharingLimit: 10 })];
    const arrivalRatePerS = 0.85 * (24 + 16 + 16.8);
    const model = predict(jsq(pool, arrivalRatePerS));
    const run = simulatePool({ pool, arrivalRatePerS, dispatch: { policy: 'jsq' }, requests: 60_000, replications: 8 });
    const { responseTimeS: simulated } = run;
    const within = (p: 'mean' | 'p50' | 'p95', tolerance: number) =>
      expect(Math.abs(model.responseTimeS[p]! / simulated[p] - 1), p).toBeLessThan(tolerance);
    within('mean', 0.04);
    within('p50', 0.06);
    within('p95', 0.08);
    const share = (rows: readonly { arrivalRatePerS: number }[]) =>
      rows.slice(0, 6).reduce((sum, row) => sum + row.arrivalRatePerS, 0) / arrivalRatePerS;
    expect(Math.abs(share(model.perVm) - share(run.perVm))).toBeLessThan(0.03);
  });
});

describe('JSQ on a snapshot', () => {
  const pool = [vms(20, 1)];
  const at = (snapshotAgeS: number) => predictMeanS({ pool, arrivalRatePerS: 16, policy: 'jsq', snapshotAgeS });
  it('is JSQ at age 0, worse with age, and round robin when it sees nothing', () => {
    const ages = [0, 0.01, 0.1, 1, 10, 100].map(at);
    expect(ages[0]).toBe(predictMeanS({ pool, arrivalRatePerS: 16, policy: 'jsq' }));
    for (let i = 1; i < ages.length; i++) expect(ages[i]!).toBeGreaterThan(ages[i - 1]!);
    expect(at(1e9)).toBeCloseTo(predictMeanS({ pool, arrivalRatePerS: 16, policy: 'round-robin' }), 3);
  });
  it.each([0.1, 1, 5])('agrees with simulation within its bound at age %s', (snapshotAgeS) => {
    const run = simulatePool({
      pool,
      arrivalRatePerS: 16,
      dispatch: {
        policy: 'stale-jsq',
        reports: { intervalS: snapshotAgeS, timing: 'together' },
        dispatchers: 1,
        countOwn: true,
      },
      requests: 40_000,
      replications: 5,
    });
    const model = predict({ pool, arrivalRatePerS: 16, policy: 'jsq', snapshotAgeS });
    const error = Math.abs(model.responseTimeS.mean! / run.responseTimeS.mean - 1);
    expect(100 * error).toBeLessThan(model.errorBoundPct);
  });
});

describe('a data centre very far away', () => {
  // 25 VMs near are overloaded: they stand at the level of the far ones, and nobody sees whether that is 10 or 1,000 requests each.
  const meanS = (gapS: number, cores: number, load: number) =>
    predictMeanS({
      pool: [vms(25, 10, { cores }), vms(25, 10, { cores, networkS: gapS })],
      arrivalRatePerS: 250 * cores * load,
      policy: 'jsq',
    });

  it.each([
    [1, 1.3],
    [8, 1.3],
    [8, 1.02],
  ])('costs its distance and nothing else: %i cores, load %f', (cores, load) => {
    for (const gapS of [20, 100, 3600])
      expect(meanS(gapS, cores, load) - gapS).toBeCloseTo(meanS(2, cores, load) - 2, 6);
  });

  it('has percentiles about the same distance further', () => {
    const at = (gapS: number) =>
      predict({
        pool: [vms(5, 10), vms(5, 10, { networkS: gapS })],
        arrivalRatePerS: 70,
        policy: 'jsq',
      }).responseTimeS;
    expect(at(100).p95! - at(20).p95!).toBeCloseTo(80, 0);
    expect(at(100).p95!).toBeGreaterThan(100);
  });
});
