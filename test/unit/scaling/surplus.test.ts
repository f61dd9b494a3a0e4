import fc from 'fast-check';
import { expect, test } from 'vitest';
import { surplusRatePerS } from '../../../lib/domain/scaling/surplus.ts';

/** Nothing has piled up and nothing is late. */
const calm = { present: 0, targetS: 1, meanResponseS: 0.5 };

test('a fleet planned for twice what comes is planned again, for more than what comes', () => {
  const rate = surplusRatePerS({ count: 600, elapsedS: 60, plannedRatePerS: 20, ...calm });
  expect(rate).not.toBeNull();
  expect(rate!).toBeGreaterThan(10);
  expect(rate!).toBeLessThan(12);
});

test('what cannot be told from chance is left alone', () => {
  expect(surplusRatePerS({ count: 9, elapsedS: 60, plannedRatePerS: 0.25, ...calm })).toBeNull();
  expect(surplusRatePerS({ count: 1_200, elapsedS: 60, plannedRatePerS: 20, ...calm })).toBeNull();
  expect(surplusRatePerS({ count: 0, elapsedS: 0, plannedRatePerS: 20, ...calm })).toBeNull();
});

test('a backlog is worked off before machines go', () => {
  const seen = { count: 600, elapsedS: 60, plannedRatePerS: 40, targetS: 1, meanResponseS: 0.5 };
  // 10/s within 1 s are 10 requests at a time: 300 more are to be gone in half a minute.
  const calmRate = surplusRatePerS({ ...seen, present: 10 })!;
  expect(surplusRatePerS({ ...seen, present: 310 })! - calmRate).toBeCloseTo(300 / 30);
  expect(surplusRatePerS({ ...seen, present: 10_000 })).toBeNull();
});

test('a slot that is late so far keeps machines to be quicker than its target, and no more than that', () => {
  const seen = { count: 60_000, elapsedS: 60, plannedRatePerS: 2_000, present: 0, targetS: 1 };
  expect(surplusRatePerS({ ...seen, meanResponseS: 1.1 })).toBeCloseTo(1_200);
  expect(surplusRatePerS({ ...seen, meanResponseS: 0.9 })!).toBeLessThan(1_020);
  expect(surplusRatePerS({ ...seen, meanResponseS: null })!).toBeLessThan(1_020);
});

test('never below what was seen, never above the plan', () => {
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.double({ min: 1, max: 600, noNaN: true }),
      fc.double({ min: 0, max: 1e4, noNaN: true }),
      fc.nat(1000),
      fc.option(fc.double({ min: 0, max: 10, noNaN: true })),
      (count, elapsedS, plannedRatePerS, present, meanResponseS) => {
        const rate = surplusRatePerS({ count, elapsedS, plannedRatePerS, present, targetS: 1, meanResponseS });
        if (rate === null) return;
        expect(rate).toBeGreaterThan(count / elapsedS);
        expect(rate).toBeLessThan(plannedRatePerS);
      },
    ),
    { seed: 1 },
  );
});
