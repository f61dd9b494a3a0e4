import fc from 'fast-check';
import { expect, test } from 'vitest';
import { surplusRatePerS } from '../../../lib/domain/scaling/surplus.ts';

test('a fleet planned for twice what comes is planned again, for more than what comes', () => {
  const rate = surplusRatePerS({ count: 600, elapsedS: 60, plannedRatePerS: 20 });
  expect(rate).not.toBeNull();
  expect(rate!).toBeGreaterThan(10);
  expect(rate!).toBeLessThan(12);
});

test('what cannot be told from chance is left alone', () => {
  expect(surplusRatePerS({ count: 9, elapsedS: 60, plannedRatePerS: 0.25 })).toBeNull();
  expect(surplusRatePerS({ count: 1_200, elapsedS: 60, plannedRatePerS: 20 })).toBeNull();
  expect(surplusRatePerS({ count: 0, elapsedS: 0, plannedRatePerS: 20 })).toBeNull();
});

test('never below what was seen, never above the plan', () => {
  fc.assert(
    fc.property(
      fc.nat(100_000),
      fc.double({ min: 1, max: 600, noNaN: true }),
      fc.double({ min: 0, max: 1e4, noNaN: true }),
      (count, elapsedS, plannedRatePerS) => {
        const rate = surplusRatePerS({ count, elapsedS, plannedRatePerS });
        if (rate === null) return;
        expect(rate).toBeGreaterThan(count / elapsedS);
        expect(rate).toBeLessThan(plannedRatePerS);
      },
    ),
    { seed: 1 },
  );
});
