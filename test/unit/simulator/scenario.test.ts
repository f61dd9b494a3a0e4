import { describe, expect, it } from 'vitest';
import { ForecastPredictor, forecastAfterHistory } from '../../../lib/simulator/scenario/predictor.ts';
import { runScenario, scenarioSteps } from '../../../lib/simulator/scenario/run-scenario.ts';
import type { Scenario } from '../../../lib/simulator/scenario/types.ts';
import { expectAgreement } from './support.ts';

const offer = { id: 'a', serviceRatePerS: 10, cores: 1, sharingLimit: 16, priceUsdPerHour: 0.36, networkS: 0 };
const constant = (ratePerS: number, slots: number) =>
  Array.from({ length: slots }, () => ({ arrivalRatePerS: ratePerS }));
const base: Scenario = {
  slots: constant(40, 3),
  offers: [offer],
  initial: [{ offer: 'a', count: 10 }],
  sla: { indicator: 'mean', targetS: 0.2 },
  policy: 'even',
  planner: 'static',
  warmupS: 60,
  seed: 4,
};
const run = (more: Partial<Scenario>) => runScenario({ ...base, ...more });

describe('a fleet that stays', () => {
  it('responds as equations 4-10 say and costs VMs x price x time', () => {
    const { total, slots } = run({ replications: 8 });
    expectAgreement(total.responseTimeS.mean!, total.ci95.responseTimeS!, 10 / (100 - 40));
    expect(total.rentUsd).toBeCloseTo(10 * 0.36 * 0.5, 9);
    expect(total.fluidBoundUsd).toBeCloseTo(((40 * 1800) / 10 / 3600) * 0.36, 9);
    expect(total.rentOverBound).toBeCloseTo(2.5, 9);
    expect(total.utilization).toBeCloseTo(0.4, 1);
    expect(total.requests).toBeGreaterThan(0.98 * 40 * 1800);
    expect(slots.map((s) => s.vmsByOffer.a)).toEqual([
      expect.closeTo(10, 9),
      expect.closeTo(10, 9),
      expect.closeTo(10, 9),
    ]);
    expect(slots.reduce((sum, s) => sum + s.rentUsd, 0)).toBeCloseTo(total.rentUsd, 9);
    expect(slots.reduce((sum, s) => sum + s.requests, 0)).toBeCloseTo(total.requests, 6);
    expect(total.shareSlotsWithin).toBe(slots.reduce((sum, s) => sum + s.shareWithin, 0) / 3);
  });

  it('adds the network to every response', () => {
    const near = run({});
    const far = run({ offers: [{ ...offer, networkS: 0.1 }] });
    expect(far.total.responseTimeS.mean! - near.total.responseTimeS.mean!).toBeCloseTo(0.1, 9);
  });

  it('misses its slots where the load is too high, and only there', () => {
    const { slots, total } = run({ slots: [...constant(40, 1), ...constant(99, 1)], policy: 'even' });
    expect(slots.map((s) => s.withinTarget)).toEqual([true, false]);
    expect(total.shareSlotsWithin).toBe(0.5);
  });

  it('a slot without requests is within, and a fleet of none refuses all', () => {
    const empty = run({ slots: constant(0, 2) });
    expect(empty.total.shareSlotsWithin).toBe(1);
    expect(empty.total.responseTimeS.mean).toBeNull();
    const none = run({ initial: [] });
    expect(none.total.refused).toBe(none.total.requests);
    expect(none.total.requests).toBeGreaterThan(0);
    expect(none.total.shareRequestsWithin).toBe(0);
    expect(none.total.shareSlotsWithin).toBe(0);
    expect(none.total.rentUsd).toBe(0);
  });

  it('counts refused requests as missed under a percentile', () => {
    const { total, slots } = run({
      initial: [{ offer: 'a', count: 4 }],
      slots: constant(60, 2),
      sla: { indicator: 'p95', targetS: 10 },
      queueLimit: 0,
      policy: 'jsq',
    });
    expect(total.refused / total.requests).toBeGreaterThan(0.3);
    expect(total.shareRequestsWithin).toBeCloseTo(1 - total.refused / total.requests, 2);
    expect(slots.every((s) => !s.withinTarget)).toBe(true);
  });

  it('one refused request spoils a slot under the mean, however quick the others were', () => {
    const { slots } = run({ policy: 'jsq', sla: { indicator: 'mean', targetS: 10 }, poolLimit: 14 });
    for (const slot of slots) {
      expect(slot.refused).toBeGreaterThan(0);
      expect(slot.responseTimeS.mean).toBeLessThan(0.3);
      expect(slot.withinTarget).toBe(false);
    }
  });

  it('the same seed gives the same result; another gives others; policies share their arrivals', () => {
    expect(run({})).toEqual(run({}));
    expect(run({ seed: 5 }).total.requests).not.toBe(run({}).total.requests);
    expect(run({ policy: 'jsq' }).slots.map((s) => s.requests)).toEqual(run({}).slots.map((s) => s.requests));
  });

  it('general demand gives the same mean under unlimited sharing, and worse tails', () => {
    const { total } = run({
      demand: { distribution: 'lognormal', scv: 4 },
      offers: [{ ...offer, sharingLimit: 1000 }],
      replications: 8,
    });
    expectAgreement(total.responseTimeS.mean!, total.ci95.responseTimeS!, 1 / 6);
  });

  it('replays a recorded trace request by request', () => {
    const timesS = Array.from({ length: 900 }, (_, i) => i * 2 + 1);
    const { total } = run({
      slots: constant(0.5, 3),
      arrivals: { process: 'times', timesS, demands: timesS.map(() => 3) },
      initial: [{ offer: 'a', count: 1 }],
    });
    expect(total.requests).toBe(900);
    expect(total.responseTimeS.mean).toBeCloseTo(0.1, 9);
  });

  it('renewal arrivals keep the rate of each slot', () => {
    const { slots } = run({
      slots: [...constant(40, 1), ...constant(20, 1)],
      arrivals: { process: 'renewal', gap: { distribution: 'erlang', phases: 4 } },
    });
    expect(Math.abs(slots[0]!.requests / 24_000 - 1)).toBeLessThan(0.01);
    expect(Math.abs(slots[1]!.requests / 12_000 - 1)).toBeLessThan(0.02);
  });

  it('can be taken step by step', () => {
    const shares: number[] = [];
    const steps = scenarioSteps(base);
    let step = steps.next();
    while (!step.done) {
      shares.push(step.value);
      step = steps.next();
    }
    expect(shares).toEqual([0, 1 / 3, 2 / 3]);
    expect(step.value).toEqual(run({}));
  });
});

describe('a fleet that is planned', () => {
  const planned: Partial<Scenario> = {
    slots: [...constant(40, 2), ...constant(80, 2), ...constant(20, 2)],
    policy: 'capacity',
    planner: 'exact',
    forecast: 'oracle',
    bootS: 40,
  };

  it('the square-root split follows the planned rate: at low load the slow VMs get nothing', () => {
    // μ 16 and 4 twice each: with λ = 2 the square-root rule keeps only the fast ones, E[T] = 2 / (32 - 2).
    const { slots, total } = run({
      slots: [...constant(30, 1), ...constant(2, 4)],
      policy: 'sqrt',
      planner: 'static',
      offers: [
        { ...offer, id: 'fast', serviceRatePerS: 16 },
        { ...offer, id: 'slow', serviceRatePerS: 4 },
      ],
      initial: [
        { offer: 'fast', count: 2 },
        { offer: 'slow', count: 2 },
      ],
      replications: 30,
    });
    const low = slots.slice(2).map((slot) => slot.responseTimeS.mean!);
    for (const mean of low) expect(Math.abs(mean / (2 / 30) - 1)).toBeLessThan(0.03);
    expect(total.refused).toBe(0);
  });

  it('has the VMs of the covering knapsack in every slot: λ <= Σ (μ - 1/R)', () => {
    const { initial: _, ...noInitial } = base;
    const { slots, total } = runScenario({ ...noInitial, ...planned });
    // 40 / (10 - 5) = 8, 80 / 5 = 16, 20 / 5 = 4; launches come 40 s early and drains end a little late.
    for (const [k, count] of [8, 8, 16, 16, 4, 4].entries()) {
      expect(Math.abs(slots[k]!.vmsByOffer.a! - count)).toBeLessThan(0.6);
    }
    expect(slots[1]!.launches).toBe(8);
    expect(total.launches).toBe(8);
    expect(total.responseTimeS.mean! / 0.2).toBeLessThan(1.03);
  });

  it('launches what the first slot lacks when the initial fleet is given, and it takes a boot', () => {
    const { slots } = run({ ...planned, initial: [{ offer: 'a', count: 5 }], bootS: 100 });
    expect(slots[0]!.launches).toBe(3);
    expect(slots[0]!.vmsByOffer.a).toBeCloseTo(8, 9);
    expect(slots[0]!.responseTimeS.mean).toBeGreaterThan(0.2);
    expect(slots[1]!.responseTimeS.mean).toBeLessThan(0.22);
  });

  it('with a lead of nothing the VMs of a rising slot come late', () => {
    const late = run({ ...planned, leadS: 0, bootS: 120, initial: [{ offer: 'a', count: 8 }] });
    const ahead = run({ ...planned, bootS: 120, initial: [{ offer: 'a', count: 8 }] });
    expect(late.slots[2]!.responseTimeS.mean!).toBeGreaterThan(1.5 * ahead.slots[2]!.responseTimeS.mean!);
    expect(late.total.rentUsd).toBeLessThan(ahead.total.rentUsd);
  });

  it('hourly billing charges whole hours, and never less than per second', () => {
    const hourly = run({ ...planned, billing: 'hourly' });
    const perSecond = run(planned);
    expect(hourly.total.rentUsd).toBeGreaterThan(perSecond.total.rentUsd);
  });

  it('a draining VM is billed until it is empty', () => {
    // One VM holds a task of 2,000 s when its slot ends: it cannot go.
    const { slots } = run({
      slots: [...constant(0.0001, 1), ...constant(0, 4)],
      arrivals: { process: 'times', timesS: [500], demands: [1] },
      offers: [{ ...offer, serviceRatePerS: 0.0005 }],
      sla: { indicator: 'mean', targetS: 1e5 },
      initial: [{ offer: 'a', count: 1 }],
      planner: 'exact',
      forecast: 'oracle',
      warmupS: 0,
      bootS: 0,
    });
    expect(slots.map((s) => s.vmsByOffer.a)).toEqual([
      expect.closeTo(1, 6),
      expect.closeTo(1, 6),
      expect.closeTo(1, 6),
      expect.closeTo(1, 6),
      expect.closeTo(100 / 600, 6),
    ]);
  });

  it('failing launches delay capacity and cost nothing; interrupted spot VMs lose what they hold and are replaced', () => {
    const spot = { ...offer, purchaseOption: 'spot' as const };
    const calm = run({ ...planned, offers: [spot] });
    const rough = run({
      ...planned,
      offers: [{ ...spot, sharingLimit: 4 }],
      spotInterruption: { ratePerHour: 6, noticeS: 0 },
      launchFailures: { probability: 0.3, retryS: 30 },
    });
    expect(rough.total.launches).toBeGreaterThan(calm.total.launches + 5);
    expect(rough.total.refused).toBeGreaterThan(0);
    expect(calm.total.refused).toBe(0);
    expect(rough.total.requests).toBe(calm.total.requests);
  });

  it('says how many slots had no feasible plan, and keeps its fleet then', () => {
    const { total, slots } = run({ ...planned, sla: { indicator: 'mean', targetS: 0.05 } });
    expect(total.infeasibleSlots).toBe(6);
    expect(slots.at(-1)!.vmsByOffer.a).toBeCloseTo(10, 9);
  });

  it('forecasts close the loop without seeing the future, and learn a history', () => {
    const day = Array.from({ length: 24 }, (_, h) => ({ arrivalRatePerS: 3 + 2 * Math.sin((2 * Math.PI * h) / 24) }));
    const history = Array.from({ length: 7 * 24 }, (_, i) => day[i % 24]!);
    const scenario: Partial<Scenario> = {
      ...planned,
      slots: day,
      slotS: 3600,
      offers: [{ ...offer, serviceRatePerS: 1 }],
      sla: { indicator: 'mean', targetS: 2 },
      initial: [{ offer: 'a', count: 8 }],
    };
    const oracle = run({ ...scenario, forecast: 'oracle' });
    const learned = run({ ...scenario, forecast: 'auto', history, quantile: 0.9 });
    expect(Math.abs(learned.total.rentUsd / oracle.total.rentUsd - 1)).toBeLessThan(0.12);
    const naive = run({ ...scenario, forecast: 'naive', history });
    expect(naive.total.shareSlotsWithin).toBeLessThan(learned.total.shareSlotsWithin);
  });

  it('takes the running slot for what it is worth: extrapolated when known well enough, else left out', () => {
    const scenario: Scenario = { ...base, forecast: 'naive', history: constant(10, 50) };
    const predictor = new ForecastPredictor(forecastAfterHistory(scenario, 600, 1)!, scenario, 600);
    predictor.observe(0, 6000);
    expect(Math.abs(predictor.predict(2, { count: 9000, elapsedS: 450 }) / 20 - 1)).toBeLessThan(0.1);
    expect(Math.abs(predictor.predict(2, { count: 3000, elapsedS: 150 }) / 10 - 1)).toBeLessThan(0.1);
  });

  it('a burst check adds VMs inside the slot in which more comes than was planned', () => {
    const scenario: Partial<Scenario> = {
      ...planned,
      slots: [...constant(20, 12), ...constant(70, 1)],
      forecast: 'naive',
      initial: [{ offer: 'a', count: 4 }],
    };
    const blind = run(scenario);
    const watchful = run({ ...scenario, burstCheckS: 20 });
    expect(watchful.slots.at(-1)!.responseTimeS.mean!).toBeLessThan(0.5 * blind.slots.at(-1)!.responseTimeS.mean!);
  });
});

describe('reactive scalers', () => {
  const rising: Partial<Scenario> = { slots: [...constant(30, 3), ...constant(60, 3)], bootS: 40 };
  const { initial: _, ...noInitial } = base;

  it('target tracking brings utilization near its target', () => {
    const { slots } = runScenario({
      ...noInitial,
      ...rising,
      policy: 'round-robin',
      planner: { method: 'target-tracking', utilization: 0.5 },
    });
    expect(Math.abs(slots[5]!.utilization - 0.5)).toBeLessThan(0.08);
    expect(slots[5]!.vmsByOffer.a).toBeGreaterThan(slots[2]!.vmsByOffer.a! * 1.5);
  });

  it('the threshold rule adds VMs until the target is met', () => {
    const { slots } = runScenario({
      ...noInitial,
      ...rising,
      policy: 'round-robin',
      planner: { method: 'threshold', upperS: 0.2, lowerS: 0.1 },
    });
    expect(slots[5]!.responseTimeS.mean).toBeLessThan(0.2);
  });

  it('concurrency holds requests per VM near its target', () => {
    const { slots } = runScenario({
      ...noInitial,
      ...rising,
      policy: 'jsq',
      planner: { method: 'concurrency', targetPerVm: 0.7 },
    });
    const { arrivalRatePerS, responseTimeS, vmsByOffer } = slots[5]!;
    expect(Math.abs((arrivalRatePerS * responseTimeS.mean!) / vmsByOffer.a! - 0.7)).toBeLessThan(0.12);
  });
});

describe('regions', () => {
  it('each has its share at its own hour over its own network, and the whole is their sum', () => {
    const slots = Array.from({ length: 6 }, (_, k) => ({ arrivalRatePerS: 10 + 10 * k }));
    const result = run({
      slots,
      slotS: 3600,
      warmupS: 0,
      regions: [
        { id: 'here', share: 0.75 },
        { id: 'east', share: 0.25, timeZone: 'UTC+2', networkS: { a: 0.3 } },
      ],
    });
    const [here, east] = result.regions!;
    expect(here!.slots.map((s) => s.arrivalRatePerS)).toEqual(slots.map((s) => 0.75 * s.arrivalRatePerS));
    expect(east!.slots[0]!.arrivalRatePerS).toBe(0.25 * 30);
    expect(east!.slots[4]!.arrivalRatePerS).toBe(0.25 * 10);
    expect(east!.total.responseTimeS.mean).toBeGreaterThan(0.4);
    expect(result.total.rentUsd).toBeCloseTo(here!.total.rentUsd + east!.total.rentUsd, 9);
    expect(result.total.requests).toBeCloseTo(here!.total.requests + east!.total.requests, 6);
    expect(result.slots[0]!.arrivalRatePerS).toBe(0.75 * 10 + 0.25 * 30);
  });
});
