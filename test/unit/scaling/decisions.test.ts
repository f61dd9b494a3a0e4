import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AgentReport, advanceAgents } from '../../../lib/domain/scaling/agent-counters.ts';
import { type ArrivalCursor, advanceArrivals } from '../../../lib/domain/scaling/arrivals.ts';
import { breakerState, closedBreaker, recordLaunch } from '../../../lib/domain/scaling/breaker.ts';
import { detectBurst } from '../../../lib/domain/scaling/burst.ts';
import { chooseDrains, type DrainCandidate, remainingRentalS } from '../../../lib/domain/scaling/choose-drain.ts';
import { emptyDemand, learnDemand, poolDemandS } from '../../../lib/domain/scaling/demand.ts';
import { launchable, poolLimits } from '../../../lib/domain/scaling/limits.ts';
import { matchesPattern } from '../../../lib/domain/scaling/offer-id.ts';
import { clearSetAside, isSetAside, setAside } from '../../../lib/domain/scaling/set-aside.ts';
import { sharingLimitOf } from '../../../lib/domain/scaling/sharing-limit.ts';

describe('advanceArrivals', () => {
  it('counts every arrival exactly once, however the looks fall into the minutes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gapMs: fc.integer({ min: 0, max: 20_000 }), look: fc.boolean() }), { maxLength: 80 }),
        (steps) => {
          const startMs = 1_000 * 60_000 + 7_000;
          const counts = new Map<number, number>();
          let cursor: ArrivalCursor = { atMs: startMs, seen: [] };
          let nowMs = startMs;
          let counted = 0;
          const look = () => {
            const rows = [...counts].map(([minuteStartMs, count]) => ({
              minuteStartMs,
              count,
              refused: 0,
              responseCount: 0,
              responseSumMs: 0,
            }));
            const next = advanceArrivals(cursor, rows, nowMs);
            cursor = next.cursor;
            counted += next.window.arrivals;
          };
          for (const step of steps) {
            nowMs += step.gapMs;
            const minute = Math.floor(nowMs / 60_000) * 60_000;
            counts.set(minute, (counts.get(minute) ?? 0) + 1);
            if (step.look) look();
          }
          nowMs += 1;
          look();
          expect(counted).toBe(steps.length);
        },
      ),
    );
  });

  it('turns sums of response times into their mean, and says null when nobody reported', () => {
    const row = { minuteStartMs: 60_000, count: 4, refused: 1, responseCount: 2, responseSumMs: 500 };
    const { window, cursor } = advanceArrivals({ atMs: 60_000, seen: [] }, [row], 80_000);
    expect(window).toMatchObject({ arrivals: 4, refused: 1, meanResponseMs: 250, arrivalRatePerS: 0.2 });
    expect(advanceArrivals(cursor, [row], 90_000).window).toMatchObject({ arrivals: 0, meanResponseMs: null });
  });
});

describe('advanceAgents', () => {
  const report = (overrides: Partial<AgentReport>): AgentReport => ({
    vmId: 'vm',
    bootNonce: 'a',
    completed: 0,
    refused: 0,
    present: 0,
    responseSumMs: 0,
    networkMs: 10,
    ...overrides,
  });

  it('counts an admitted task once, whether it is still there or done', () => {
    const first = advanceAgents({}, [report({ present: 3 })]);
    expect(first.window).toMatchObject({ admitted: 3, meanResponseMs: null });
    const second = advanceAgents(first.cursor, [report({ present: 1, completed: 3, responseSumMs: 300 })]);
    expect(second.window).toEqual({
      admitted: 1,
      refused: 0,
      responseCount: 3,
      meanResponseMs: 110,
      p95ResponseMs: null,
    });
  });

  it('starts again with a new boot', () => {
    const { cursor } = advanceAgents({}, [report({ completed: 100 })]);
    expect(advanceAgents(cursor, [report({ bootNonce: 'b', completed: 2 })]).window.admitted).toBe(2);
  });
});

describe('learnDemand', () => {
  it('approaches what the VMs really use, task and preparation together, from any prior', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 10, noNaN: true }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (priorS, trueS) => {
          let state = emptyDemand;
          for (let i = 1; i <= 20; i++) {
            const runs = i * 500;
            const byApp = { app: { runs, cpuS: 0.75 * runs * trueS, prepCpuS: 0.25 * runs * trueS } };
            state = learnDemand(state, [{ vmId: 'vm', bootNonce: 'n', byApp }]);
          }
          const error = Math.abs(poolDemandS(state, priorS) - trueS);
          expect(error).toBeLessThanOrEqual((5 / 2_000) * Math.abs(priorS - trueS) * 1.5 + 1e-9);
        },
      ),
    );
  });

  it('does not count the same run twice, and does count a restarted counter from zero', () => {
    const counters = (runs: number) => ({ app: { runs, cpuS: runs, prepCpuS: 0 } });
    const once = learnDemand(emptyDemand, [{ vmId: 'vm', bootNonce: 'a', byApp: counters(10) }]);
    const again = learnDemand(once, [{ vmId: 'vm', bootNonce: 'a', byApp: counters(10) }]);
    expect(again.apps).toEqual(once.apps);
    const reborn = learnDemand(again, [{ vmId: 'vm', bootNonce: 'b', byApp: counters(4) }]);
    expect(reborn.apps.app!.runs).toBeCloseTo(14, 0);
  });

  it('does not take prepared but unused sandboxes for demand', () => {
    const idle = learnDemand(emptyDemand, [
      { vmId: 'vm', bootNonce: 'a', byApp: { app: { runs: 0, cpuS: 0, prepCpuS: 9 } } },
    ]);
    expect(poolDemandS(idle, 0.1)).toBeCloseTo(0.1, 12);
  });
});

describe('breaker', () => {
  it('opens at half of the last four, lets one try after the pause, and closes when it works', () => {
    let breaker = closedBreaker;
    for (const worked of [true, false, true]) breaker = recordLaunch(breaker, worked, 0, 100);
    expect(breakerState(breaker, 0)).toBe('closed');
    breaker = recordLaunch(breaker, false, 0, 100);
    expect([breakerState(breaker, 99), breakerState(breaker, 100)]).toEqual(['open', 'half-open']);
    expect(breakerState(recordLaunch(breaker, false, 100, 100), 150)).toBe('open');
    const mended = recordLaunch(breaker, true, 100, 100);
    expect(breakerState(mended, 100)).toBe('closed');
    // What failed before the fault was gone says nothing any more.
    expect(breakerState(recordLaunch(mended, false, 100, 100), 100)).toBe('closed');
  });
});

describe('set aside', () => {
  it('doubles with each failure in a row, ends by itself, and is cleared by success', () => {
    let cache = setAside({}, 'o', 0, 100);
    expect([isSetAside(cache, 'o', 99), isSetAside(cache, 'o', 100), isSetAside(cache, 'other', 0)]).toEqual([
      true,
      false,
      false,
    ]);
    cache = setAside(cache, 'o', 0, 100);
    expect(isSetAside(cache, 'o', 199)).toBe(true);
    for (let i = 0; i < 20; i++) cache = setAside(cache, 'o', 0, 100);
    expect(isSetAside(cache, 'o', 800)).toBe(false);
    expect(isSetAside(clearSetAside(cache, 'o'), 'o', 0)).toBe(false);
  });
});

describe('limits', () => {
  const vm = fc.record({
    poolId: fc.constantFrom('a', 'b'),
    priceUsdPerHour: fc.double({ min: 0.001, max: 1, noNaN: true }),
    serving: fc.boolean(),
  });

  it('never let pending, running and draining machines together exceed a cap', () => {
    fc.assert(
      fc.property(fc.array(vm, { maxLength: 12 }), fc.nat({ max: 20 }), fc.nat({ max: 30 }), (vms, wanted, maxVms) => {
        const caps = { maxVms, maxUsdPerHour: 5 };
        const count = launchable(caps, vms, wanted, 0.5);
        const rent = vms.reduce((sum, v) => sum + v.priceUsdPerHour, 0);
        expect(count).toBeGreaterThanOrEqual(0);
        expect(count).toBeLessThanOrEqual(wanted);
        if (count > 0) {
          expect(vms.length + count).toBeLessThanOrEqual(maxVms);
          expect(rent + count * 0.5).toBeLessThanOrEqual(5 + 1e-6);
        }
      }),
    );
  });

  it('leave a pool what the others and the draining ones do not use', () => {
    const machine = (poolId: string, serving: boolean) => ({ poolId, serving, priceUsdPerHour: 1 });
    const vms = [machine('a', true), machine('a', false), machine('b', true)];
    expect(poolLimits({ maxVms: 10, maxUsdPerHour: 10 }, vms, 'a')).toEqual({ maxVms: 8, maxUsdPerHour: 8 });
  });
});

describe('detectBurst', () => {
  const calm = {
    arrivalRatePerS: 5,
    windowS: 6,
    latestRatePerS: 5,
    plannedRatePerS: 6,
    refused: 0,
    present: 2,
    waiting: 0,
    waitingBefore: 0,
    places: 8,
    targetS: 0.5,
  };
  it.each([
    ['within plan', {}, false],
    ['refusals', { refused: 1 }, true],
    ['a queue that grows', { waiting: 6, waitingBefore: 3 }, true],
    ['a queue that falls', { waiting: 6, waitingBefore: 9 }, false],
    ['far more than planned, with a queue', { arrivalRatePerS: 20, waiting: 1, waitingBefore: 2 }, true],
    // 120 requests where 36 were planned are no chance: whether the fleet suffices is for the planner to say.
    ['far more than planned, all served', { arrivalRatePerS: 20 }, true],
    // 48 where 36 were planned may be.
    ['a little more than planned', { arrivalRatePerS: 8 }, false],
    ['the same over a minute', { arrivalRatePerS: 9, windowS: 60 }, true],
    ['many at once in few seconds', { arrivalRatePerS: 8, windowS: 1 }, false],
    // 5/s within 0.5 s are 2.5 requests at a time.
    ['many more present than the target allows for', { present: 40 }, true],
    ['some more present than the target allows for', { present: 11 }, false],
  ])('%s', (_, change, expected) => {
    const decision = detectBurst({ ...calm, ...change });
    expect(decision.burst).toBe(expected);
    expect(decision.arrivalRatePerS).toBeGreaterThanOrEqual(calm.plannedRatePerS);
  });

  it('asks for what works off a backlog, once', () => {
    const behind = { ...calm, arrivalRatePerS: 20, latestRatePerS: 20, present: 610 };
    const first = detectBurst(behind);
    // 600 more than 20/s x 0.5 s, in half a minute.
    expect(first.arrivalRatePerS + first.catchUpPerS).toBeCloseTo(1.2 * 20 + 600 / 30);
    const planned = first.arrivalRatePerS + first.catchUpPerS;
    const second = detectBurst({ ...behind, plannedRatePerS: planned });
    expect(second).toMatchObject({ burst: false, arrivalRatePerS: planned });
    // Nor is less planned for than already was, when something else triggers.
    const refusing = detectBurst({ ...behind, plannedRatePerS: 100, refused: 1 });
    expect(refusing).toMatchObject({ burst: true, arrivalRatePerS: 100, catchUpPerS: 0 });
  });
});

describe('chooseDrains', () => {
  const candidate = (vmId: string, tasks: number | null, launchedAtMs: number): DrainCandidate => ({
    vmId,
    offerId: 'o',
    state: 'ready',
    tasks,
    launchedAtMs,
  });
  const vms = [candidate('busy', 5, 0), candidate('idle', 0, 600_000), candidate('some', 2, 1_200_000)];

  it('takes the emptiest under per-second billing', () => {
    expect(chooseDrains(vms, 'o', 2, 'per-second', 1_800_000)).toEqual(['idle', 'some']);
  });
  it('takes the shortest remaining rental time under hourly billing (OaaS paper)', () => {
    expect(chooseDrains(vms, 'o', 2, 'hourly', 1_800_000)).toEqual(['busy', 'idle']);
    expect(remainingRentalS(0, 3_500_000)).toBeCloseTo(100);
    expect(remainingRentalS(0, 3_700_000)).toBeCloseTo(3_500);
  });
  it('takes those under older settings first, then those that still boot', () => {
    const some = [candidate('idle', 0, 0), { ...candidate('boots', null, 9), state: 'starting' as const }];
    const old = { ...candidate('old', 7, 600_000), outdated: true };
    for (const billing of ['per-second', 'hourly'] as const)
      expect(chooseDrains([...some, old], 'o', 1, billing, 1_800_000)).toEqual(['old']);
    expect(chooseDrains([...some, old], 'o', 2, 'per-second', 1_800_000)).toEqual(['old', 'boots']);
  });
  it('takes only VMs of the offer asked for', () => {
    expect(chooseDrains(vms, 'other', 3, 'per-second', 0)).toEqual([]);
  });
});

describe('small rules', () => {
  it('N is bounded by memory and by four per core unless the group says otherwise', () => {
    expect(sharingLimitOf({ cores: 2, memoryMiB: 4096 }, 128, null)).toBe(8);
    expect(sharingLimitOf({ cores: 2, memoryMiB: 512 }, 256, null)).toBe(2);
    expect(sharingLimitOf({ cores: 1, memoryMiB: 4096 }, 128, 30)).toBe(30);
    expect(sharingLimitOf({ cores: 1, memoryMiB: 100 }, 256, 30)).toBe(1);
  });
  it('patterns match exactly or by *, and treat dots as dots', () => {
    expect(matchesPattern(['c7g.*'], 'c7g.large')).toBe(true);
    expect(matchesPattern(['c7g.*'], 'c7gXlarge')).toBe(false);
    expect(matchesPattern(['*'], 'anything')).toBe(true);
    expect(matchesPattern(['t4g.small'], 't4g.smaller')).toBe(false);
    expect(matchesPattern(['*.large', 'm*g.*'], 'c7g.large')).toBe(true);
    expect(matchesPattern(['aba*aba'], 'aba')).toBe(false);
    expect(matchesPattern(['a*b*c'], 'a.b.b.c')).toBe(true);
    expect(matchesPattern(['a*b*c'], 'a.c.b')).toBe(false);
  });
  it('patterns mean what a regular expression of them means', () => {
    const letters = (source: string) => fc.stringMatching(new RegExp(`^${source}$`));
    fc.assert(
      fc.property(letters('[ab.*]{0,6}'), letters('[ab.]{0,8}'), (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
        expect(matchesPattern([pattern], text)).toBe(expression.test(text));
      }),
      { numRuns: 2_000 },
    );
  });
  it('a pattern of many stars takes no time', () => {
    expect(matchesPattern([`${'*'.repeat(60)}z`], 'local.'.repeat(40))).toBe(false);
  });
});
