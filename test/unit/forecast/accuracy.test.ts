import { describe, expect, test } from 'vitest';
import { backtest, COVERAGE_LEVELS, LOSS_LEVELS } from '../../../lib/domain/forecast/backtest.ts';
import { pinballLoss } from '../../../lib/domain/forecast/quantiles.ts';
import type { ForecastMethod } from '../../../lib/domain/forecast/types.ts';
import { daily, poisson, poissonQuantile, SLOTS_PER_DAY, seeded, traceOf } from '../../support/series.ts';

const DAYS = 10;
const WARM_UP_DAYS = 3;

/** Counts and the loss of an oracle that knows each slot's Poisson mean. */
function poissonSeries(mean: (slot: number) => number, seed: number) {
  const random = seeded(seed);
  const slots = Array.from({ length: DAYS * SLOTS_PER_DAY }, (_, i) => i);
  const counts = slots.map((i) => poisson(mean(i), random));
  const scored = slots.slice(WARM_UP_DAYS * SLOTS_PER_DAY);
  const oracleLoss =
    scored.reduce((sum, i) => {
      const loss = LOSS_LEVELS.reduce((s, l) => s + pinballLoss(l, poissonQuantile(mean(i), l), counts[i]!), 0);
      return sum + loss / LOSS_LEVELS.length;
    }, 0) / scored.length;
  const result = backtest(traceOf(counts), { warmUpSlots: WARM_UP_DAYS * SLOTS_PER_DAY });
  const lossOf = (method: ForecastMethod) => result.methods.find((m) => m.method === method)!.pinballLoss;
  return { result, oracleLoss, lossOf };
}

describe('against an oracle that knows the true rate', () => {
  test.each([
    ['a constant rate', () => 80],
    ['a smooth day', (slot: number) => daily(slot, 30, 200)],
    ['few requests', (slot: number) => daily(slot, 1, 8)],
  ])('%s: the loss is within 10 %% of the oracle and under both naive methods', (_, mean) => {
    const { oracleLoss, lossOf, result } = poissonSeries(mean, 7);
    expect(lossOf('auto')).toBeLessThan(1.1 * oracleLoss);
    // The oracle is the best there is in expectation: doing better by more than noise would mean looking ahead.
    expect(lossOf('auto')).toBeGreaterThan(0.97 * oracleLoss);
    expect(result.verdict).toMatchObject({ beatsNaive: true, beatsSeasonalNaive: true });
  });

  test('coverage is nominal within its confidence interval', () => {
    const { result } = poissonSeries((slot) => daily(slot, 60, 300), 11);
    COVERAGE_LEVELS.forEach((level, i) => {
      const standardError = Math.sqrt((level * (1 - level)) / result.scored);
      // One more percent for the integers: P(X ≤ q) steps by the mass of one count.
      expect(Math.abs(result.methods[0]!.coverage[i]! - level)).toBeLessThan(3 * standardError + 0.01);
    });
  });

  test('the mean is unbiased', () => {
    const { result } = poissonSeries((slot) => daily(slot, 30, 200), 5);
    // Standard error of the sum of Poisson counts around 115 over the scored slots is 0.2 %.
    expect(Math.abs(result.methods[0]!.biasPct)).toBeLessThan(1);
  });
});

describe('the backtest cannot look ahead', () => {
  test('changing the last count changes its own score alone', () => {
    const random = seeded(3);
    const counts = Array.from({ length: 3 * SLOTS_PER_DAY }, (_, i) => poisson(daily(i, 20, 90), random));
    const shorter = backtest(traceOf(counts.slice(0, -1)), { warmUpSlots: SLOTS_PER_DAY });
    const changed = backtest(traceOf([...counts.slice(0, -1), 10_000]), { warmUpSlots: SLOTS_PER_DAY });
    shorter.methods.forEach((method, k) => {
      const total = method.pinballLoss * shorter.scored;
      const withLast = changed.methods[k]!.pinballLoss * changed.scored;
      const lastAlone = withLast - total;
      // A forecast made without knowing the jump misses it by nearly all of it, at every level.
      const missAtLeast = LOSS_LEVELS.reduce((sum, l) => sum + l, 0) / LOSS_LEVELS.length;
      expect(lastAlone).toBeGreaterThan(missAtLeast * 9_000);
      expect(lastAlone).toBeLessThan(missAtLeast * 10_000);
    });
  });
});
