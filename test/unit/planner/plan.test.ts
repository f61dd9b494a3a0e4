import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newMoneyUsd } from '../../../lib/domain/planner/instance.ts';
import { plan } from '../../../lib/domain/planner/plan.ts';
import { leastTotalRatePerS, pooledMeanS } from '../../../lib/domain/planner/pooled-bound.ts';
import type { Offer, PlanProblem } from '../../../lib/domain/planner/types.ts';
import { erlangC } from '../../../lib/domain/queueing/limited-sharing.ts';
import { planProblemSchema, planResultSchema } from '../../../lib/ports/contracts/plan.ts';

const offer = (id: string, serviceRatePerS: number, priceUsdPerHour: number, over: Partial<Offer> = {}): Offer => ({
  id,
  serviceRatePerS,
  priceUsdPerHour,
  cores: 1,
  sharingLimit: 16,
  networkS: 0,
  ...over,
});

const problem = (over: Partial<PlanProblem> = {}): PlanProblem => ({
  arrivalRatePerS: 1000,
  sla: { indicator: 'mean', targetS: 0.035 },
  policy: 'jsq',
  offers: [offer('A', 50, 0.06)],
  ...over,
});

const vms = (p: PlanProblem) => plan(p).fleet.reduce((sum, f) => sum + f.count, 0);

describe('plan', () => {
  it('1,000/s at μ = 50/s within 35 ms: 47 VMs by capacity, about half of that by join-the-shortest-queue, never under the fluid bound', () => {
    expect(vms(problem({ policy: 'capacity' }))).toBe(47);
    const jsq = vms(problem());
    expect(jsq).toBeGreaterThan(20);
    expect(jsq).toBeLessThanOrEqual(23);
    const roundRobin = vms(problem({ policy: 'round-robin' }));
    expect(roundRobin).toBeGreaterThan(jsq);
    expect(roundRobin).toBeLessThan(47);
  });

  it('a looser target or less load never costs more', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('jsq', 'capacity', 'sqrt', 'session', 'round-robin'),
        fc.double({ min: 1, max: 500, noNaN: true }),
        fc.double({ min: 0.03, max: 0.5, noNaN: true }),
        fc.double({ min: 1, max: 1.5, noNaN: true }),
        (policy, arrivalRatePerS, targetS, factor) => {
          const offers = [offer('A', 50, 0.06), offer('B', 80, 0.1)];
          const p = problem({ policy, offers, arrivalRatePerS, sla: { indicator: 'mean', targetS } });
          const cost = plan(p).newUsdOverHorizon;
          const slack = 1 + 1e-9;
          expect(
            plan({ ...p, sla: { indicator: 'mean', targetS: targetS * factor } }).newUsdOverHorizon,
          ).toBeLessThanOrEqual(cost * slack);
          expect(plan({ ...p, arrivalRatePerS: arrivalRatePerS / factor }).newUsdOverHorizon).toBeLessThanOrEqual(
            cost * slack,
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it('network time counts: a far data centre is chosen only while its round trip leaves room', () => {
    const offers = [offer('near', 50, 0.1), offer('far', 50, 0.06, { networkS: 0.03 })];
    expect(plan(problem({ offers, sla: { indicator: 'mean', targetS: 0.2 } })).fleet.map((f) => f.offer)).toEqual([
      'far',
    ]);
    const tight = plan(problem({ offers, sla: { indicator: 'mean', targetS: 0.04 } }));
    // A far VM may stand in reserve, but the near ones carry the load.
    expect(tight.fleet.find((f) => f.offer === 'near')!.count).toBeGreaterThanOrEqual(18);
  });

  it('keeps what runs, starts what is stopped before it launches, and says why in each line', () => {
    const result = plan(
      problem({
        current: [
          { offer: 'A', state: 'running', count: 10 },
          { offer: 'A', state: 'stopped', count: 3 },
        ],
      }),
    );
    const total = result.fleet[0]!.count;
    expect(result.actions.map(({ do: what, count }) => [what, count])).toEqual([
      ['keep', 10],
      ['start', 3],
      ['launch', total - 13],
    ]);
    for (const action of result.actions) expect(action.why.length).toBeGreaterThan(20);
  });

  it('drains the surplus, the shortest remaining rental first under hourly billing', () => {
    const result = plan(
      problem({
        arrivalRatePerS: 100,
        billing: 'hourly',
        current: [
          { offer: 'A', state: 'running', count: 30, remainingRentalS: 100 },
          { offer: 'A', state: 'running', count: 3, remainingRentalS: 3000 },
        ],
      }),
    );
    // Three are paid beyond the horizon and suffice: no new money.
    expect(result.fleet).toEqual([{ offer: 'A', count: 3 }]);
    expect(result.newUsdOverHorizon).toBe(0);
    expect(result.actions).toMatchObject([
      { do: 'keep', count: 3 },
      { do: 'drain', count: 30 },
    ]);
  });

  it.each(['jsq', 'capacity'] as const)('of equally cheap fleets it takes the one that runs already (%s)', (policy) => {
    const offers = ['a', 'b', 'c'].map((id) => offer(id, 50, 0.06));
    const current = [{ offer: 'b', state: 'running' as const, count: 12 }];
    const kept = plan(problem({ policy, offers, current })).actions.filter((a) => a.do === 'keep');
    expect(kept).toMatchObject([{ offer: 'b', count: 12 }]);
  });

  it('what is already paid beats what is cheaper on the list', () => {
    const result = plan(
      problem({
        arrivalRatePerS: 40,
        billing: 'hourly',
        offers: [offer('dear', 100, 0.5), offer('cheap', 100, 0.1)],
        current: [{ offer: 'dear', state: 'running', count: 1, remainingRentalS: 2000 }],
      }),
    );
    expect(result.fleet).toEqual([{ offer: 'dear', count: 1 }]);
    expect(result.newUsdOverHorizon).toBe(0);
  });

  it('new money: seconds count per second, started hours count in full per hour', () => {
    expect(newMoneyUsd(3.6, 0, 'per-second', 600)).toBeCloseTo(0.6, 12);
    expect(newMoneyUsd(3.6, 0, 'hourly', 600)).toBe(3.6);
    expect(newMoneyUsd(3.6, 600, 'hourly', 600)).toBe(0);
    expect(newMoneyUsd(3.6, 599, 'hourly', 600)).toBe(3.6);
    expect(newMoneyUsd(3.6, 599, 'hourly', 7200)).toBe(7.2);
  });

  it('does not launch what boots longer than the horizon, and says so', () => {
    const result = plan(
      problem({ offers: [offer('slow', 50, 0.01, { bootS: 700 }), offer('quick', 50, 0.06, { bootS: 40 })] }),
    );
    expect(result.fleet.map((f) => f.offer)).toEqual(['quick']);
    expect(result.notes).toEqual([expect.stringContaining('slow')]);
  });

  it('respects the spot share as a share of serving rate', () => {
    const offers = [offer('spot', 50, 0.02, { purchaseOption: 'spot' }), offer('od', 50, 0.06)];
    const result = plan(problem({ offers, limits: { maxSpotShare: 0.7 } }));
    const count = (id: string) => result.fleet.find((f) => f.offer === id)?.count ?? 0;
    expect(count('spot') / (count('spot') + count('od'))).toBeLessThanOrEqual(0.7);
    expect(count('spot')).toBeGreaterThan(0.6 * (count('spot') + count('od')));
    expect(result.status).toBe('optimal');
  });

  it.each([
    ['maxVms', { maxVms: 10 }],
    ['maxUsdPerHour', { maxUsdPerHour: 0.5 }],
  ])('infeasible by %s: names the limit and what would do', (name, limits) => {
    const result = plan(problem({ limits }));
    expect(result).toMatchObject({ status: 'infeasible', fleet: [], actions: [] });
    expect(result.reason).toContain(`limits.${name}`);
    expect(result.reason).toContain('what would do');
  });

  it('infeasible by the target: names the fastest offer and the time that it can reach', () => {
    const result = plan(
      problem({ sla: { indicator: 'mean', targetS: 0.015 }, offers: [offer('A', 50, 0.06), offer('B', 20, 0.01)] }),
    );
    expect(result.status).toBe('infeasible');
    expect(result.reason).toContain('0.02 s');
    expect(result.reason).toContain('A');
  });

  it('a percentile target knows that exponential service alone takes ln 20 mean service times', () => {
    const floor = Math.log(20) / 50;
    expect(plan(problem({ sla: { indicator: 'p95', targetS: floor * 0.99 } })).status).toBe('infeasible');
    expect(plan(problem({ sla: { indicator: 'p95', targetS: floor * 1.3 } })).status).toBe('optimal');
  });

  it('no arrivals need no VMs, but minVms are kept and still fit for a lone request', () => {
    expect(plan(problem({ arrivalRatePerS: 0 })).fleet).toEqual([]);
    expect(plan(problem({ arrivalRatePerS: 0, limits: { minVms: 2 } })).fleet).toEqual([{ offer: 'A', count: 2 }]);
  });

  it('auto picks the least rent plus control plane and shows the break-even', () => {
    const work = (serviceRatePerS: number, exact: number) =>
      plan(
        problem({
          policy: 'auto',
          arrivalRatePerS: 200,
          offers: [offer('A', serviceRatePerS, 0.06)],
          sla: { indicator: 'mean', targetS: 1.75 / serviceRatePerS },
          controlPlaneUsdPerMillion: { exact, session: 0 },
        }),
      );
    const long = work(1, 2.7);
    expect(long.dispatch?.mode).toBe('exact');
    expect(long.policy).toBe('jsq');
    const short = work(100, 2.7);
    expect(short.dispatch?.mode).toBe('session');
    expect(short.policy).toBe('session');
    const breakEven = long.dispatch!.breakEvenUsdPerMillion!;
    expect(work(1, breakEven * 0.99).dispatch?.mode).toBe('exact');
    expect(work(1, breakEven * 1.01).dispatch?.mode).toBe('session');
  });

  it('a spent time budget returns the best found with a bound, and says so', () => {
    let clock = 0;
    const offers = Array.from({ length: 30 }, (_, i) =>
      offer(`o${i}`, 30 + 7 * i, 0.04 + 0.0083 * i, { max: 3, networkS: 0.001 * (i % 5) }),
    );
    const result = plan(problem({ offers, sla: { indicator: 'mean', targetS: 0.03 } }), {
      now: () => clock++,
      timeLimitMs: 12,
    });
    expect(result.status).toBe('timeLimit');
    expect(result.fleet.length).toBeGreaterThan(0);
    expect(result.lowerBoundUsd).toBeGreaterThan(0);
    expect(result.lowerBoundUsd).toBeLessThanOrEqual(result.newUsdOverHorizon);
    expect(result.gapPct).toBeCloseTo(
      (100 * (result.newUsdOverHorizon - result.lowerBoundUsd)) / result.lowerBoundUsd,
      9,
    );
  });

  it('is a pure function: the same problem, the same plan', () => {
    const p = problem({ offers: [offer('A', 50, 0.06), offer('B', 77, 0.09, { networkS: 0.002 })] });
    expect(plan(p)).toEqual(plan(structuredClone(p)));
  });
});

describe('the melted pool', () => {
  it('is M/M/m where the total is a whole number of cores (Erlang’s delay formula)', () => {
    for (const [m, load] of [
      [1, 0.5],
      [4, 3.1],
      [50, 47],
    ] as const) {
      const mean = 1 / 20 + erlangC(m, load) / (20 * (m - load));
      expect(pooledMeanS(20 * m, 20, 20 * load)).toBeCloseTo(mean, 10);
    }
  });

  it('leastTotalRatePerS is where the melted pool just meets the target', () => {
    const total = leastTotalRatePerS(0.035, 50, 1000);
    expect(pooledMeanS(total, 50, 1000)).toBeCloseTo(0.035, 5);
    expect(leastTotalRatePerS(0.02, 50, 1000)).toBe(Number.POSITIVE_INFINITY);
  });
});

it('a slow clock costs the proof, not the fleet', () => {
  // Only a mix of three offers keeps the promise, and every look at the clock finds the whole budget gone twice over.
  const offers = ['a', 'b', 'c', 'd'].map((id, i) => ({
    id,
    serviceRatePerS: 10 + i,
    cores: 1,
    sharingLimit: 16,
    priceUsdPerHour: 0.06 + 0.011 * i,
    networkS: 0.01 * i,
    max: 2,
  }));
  let nowMs = 0;
  const answer = plan(
    { arrivalRatePerS: 45, sla: { indicator: 'mean', targetS: 0.2 }, policy: 'jsq', offers },
    { now: () => (nowMs += 60), timeLimitMs: 30 },
  );
  expect(answer.reason).toBeUndefined();
  expect(answer.predicted.responseTimeS.mean).toBeLessThanOrEqual(0.2);
});

describe('the wire schema', () => {
  const document = {
    arrivalRatePerS: 10,
    sla: { indicator: 'mean', targetS: 0.2 },
    offers: [{ id: 'A', serviceRatePerS: 10, priceUsdPerHour: 1 }],
  };

  it.each([
    [{ arrivalRatePerS: Number.NaN }, ['arrivalRatePerS']],
    [{ arrivalRatePerS: -1 }, ['arrivalRatePerS']],
    [{ arrivalRatePerS: 1e30 }, ['arrivalRatePerS']],
    [{ arrivalRatePerS: 2e6 }, ['arrivalRatePerS']],
    [{ sla: { indicator: 'mean', targetS: 0 } }, ['sla', 'targetS']],
    [{ offers: [] }, ['offers']],
    [
      { offers: [{ ...document.offers[0], serviceRatePerS: Number.POSITIVE_INFINITY }] },
      ['offers', 0, 'serviceRatePerS'],
    ],
    [{ offers: [{ ...document.offers[0], cores: 1.5 }] }, ['offers', 0, 'cores']],
    [{ offers: [document.offers[0], document.offers[0]] }, ['offers', 1, 'id']],
    [{ current: [{ offer: 'B', state: 'running', count: 1 }] }, ['current', 0, 'offer']],
    [{ limits: { maxSpotShare: 1.1 } }, ['limits', 'maxSpotShare']],
    [{ limits: { minVms: 3, maxVms: 2 } }, ['limits', 'minVms']],
  ])('points at the field: %j', (change, path) => {
    const parsed = planProblemSchema.safeParse({ ...document, ...change });
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues.map((i) => i.path)).toContainEqual(path);
  });

  it('fills the defaults, and every result fits the result schema', () => {
    const parsed = planProblemSchema.parse(document);
    expect(parsed).toMatchObject({ policy: 'jsq', method: 'exact', billing: 'per-second', horizonS: 600 });
    for (const policy of ['jsq', 'auto', 'capacity'] as const) {
      expect(() => planResultSchema.parse(plan({ ...parsed, policy }))).not.toThrow();
    }
    expect(() => planResultSchema.parse(plan({ ...parsed, sla: { indicator: 'mean', targetS: 0.01 } }))).not.toThrow();
  });
});
