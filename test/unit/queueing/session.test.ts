import { describe, expect, it } from 'vitest';
import { predict, predictMeanS } from '../../../lib/domain/queueing/predict.ts';
import type { ModelInput, SessionParameters } from '../../../lib/domain/queueing/types.ts';
import { simulatePool } from '../../../lib/simulator/engine/simulate-pool.ts';
import { vms } from './support.ts';

const input = (session: SessionParameters, more: Partial<ModelInput> = {}): ModelInput => ({
  pool: [vms(24, 50)],
  arrivalRatePerS: 1000,
  policy: 'session',
  session,
  ...more,
});

describe('session dispatch', () => {
  it('with one candidate is the even random split, exactly', () => {
    const one = predict(input({ candidates: 1, threshold: 2, handoffS: 0.1 }));
    expect(one).toEqual(predict(input({ candidates: 1, threshold: 2, handoffS: 0 }, { policy: 'even' })));
  });

  it('with a threshold that nobody reaches is random too', () => {
    const loose = predictMeanS(input({ candidates: 5, threshold: 400, handoffS: 0 }));
    expect(loose).toBeCloseTo(1 / (50 - 1000 / 24), 6);
  });

  it('gains with every further candidate', () => {
    const means = [1, 2, 3, 5, 10].map((candidates) => predictMeanS(input({ candidates, threshold: 2, handoffS: 0 })));
    for (let i = 1; i < means.length; i++) expect(means[i]!).toBeLessThan(means[i - 1]!);
  });

  it('counts each handoff', () => {
    const free = predict(input({ candidates: 5, threshold: 2, handoffS: 0 }));
    const dear = predict(input({ candidates: 5, threshold: 2, handoffS: 0.01 }));
    const handoffs = (dear.responseTimeS.mean! - free.responseTimeS.mean!) / 0.01;
    expect(handoffs).toBeGreaterThan(0.5);
    expect(handoffs).toBeLessThan(4);
    expect(dear.serviceTimeS).toEqual(free.serviceTimeS);
  });

  it.each([
    { candidates: 5, threshold: 2, count: 24 },
    { candidates: 2, threshold: 1, count: 24 },
    { candidates: 3, threshold: 3, count: 26 },
  ])('agrees with simulation: k=$candidates, threshold $threshold', ({ candidates, threshold, count }) => {
    const session = { candidates, threshold, handoffS: 0.002 };
    const pool = [vms(count, 50)];
    const run = simulatePool({
      pool,
      arrivalRatePerS: 1000,
      dispatch: { policy: 'session', session },
      requests: 50_000,
      replications: 8,
    });
    const model = predict(input(session, { pool }));
    expect(Math.abs(model.responseTimeS.mean! / run.responseTimeS.mean - 1)).toBeLessThan(0.05);
    expect(Math.abs(model.responseTimeS.p95! / run.responseTimeS.p95 - 1)).toBeLessThan(0.08);
  });

  it('spreads tickets by capacity, so that slow VMs carry no more than they can', () => {
    const pool = [vms(10, 50), vms(10, 1)];
    const at = (arrivalRatePerS: number, candidates: number) =>
      predict(input({ candidates, threshold: 1, handoffS: 0 }, { pool, arrivalRatePerS }));
    const alone = at(300, 1);
    expect(alone.perVm.map((vm) => vm.utilization)).toEqual(alone.perVm.map(() => expect.closeTo(300 / 510, 9)));
    expect(at(400, 10).status).toBe('stable');
    expect(at(510, 10).status).toBe('unstable');
  });

  it('lets a VM use its cores before it hands on', () => {
    const pool = [vms(6, 10, { cores: 8 }), vms(6, 10)];
    const model = predict(input({ candidates: 4, threshold: 1, handoffS: 0 }, { pool, arrivalRatePerS: 60 }));
    const run = simulatePool({
      pool,
      arrivalRatePerS: 60,
      dispatch: { policy: 'session', session: { candidates: 4, threshold: 1, handoffS: 0 } },
      requests: 50_000,
      replications: 4,
    });
    expect(Math.abs(model.responseTimeS.mean! / run.responseTimeS.mean - 1)).toBeLessThan(0.04);
    for (const vm of [0, 11]) {
      expect(model.perVm[vm]!.utilization / run.perVm[vm]!.utilization).toBeCloseTo(1, 1);
    }
  });

  it('refuses to guess its parameters', () => {
    expect(() => predict({ pool: [vms(1, 1)], arrivalRatePerS: 0.5, policy: 'session' })).toThrow(/session/);
  });
});
