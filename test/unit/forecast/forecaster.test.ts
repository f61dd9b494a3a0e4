import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createForecaster, forecast, update } from '../../../lib/domain/forecast/forecaster.ts';
import { type ForecastState, METHODS } from '../../../lib/domain/forecast/types.ts';
import { daily, poisson, SLOT_MS, SLOTS_PER_DAY, START_MS, seeded, traceOf } from '../../support/series.ts';

const LEVELS = [0.001, 0.05, 0.3, 0.5, 0.9, 0.95, 0.99, 0.999];

function learned(counts: readonly (number | null)[], state = createForecaster({ slotS: 600 })): ForecastState {
  return traceOf(counts).slots.reduce(update, state);
}

/** `days` of a smooth busy day with Poisson noise, from slot `from`. */
function busy(days: number, seed = 1, scale = 1, from = 0): number[] {
  const random = seeded(seed);
  return Array.from({ length: Math.round(days * SLOTS_PER_DAY) }, (_, i) =>
    poisson(scale * daily(from + i, 300, 1_200), random),
  );
}

const countsArbitrary = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 300 }) },
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 10_000_000 }) },
  ),
  { maxLength: 60 },
);

describe('whatever comes', () => {
  test.each(['auto', ...METHODS] as const)(
    '%s: quantiles are finite, not negative, and rise with the level',
    (method) => {
      fc.assert(
        fc.property(countsArbitrary, (counts) => {
          const answer = forecast(learned(counts, createForecaster({ slotS: 600, method })), LEVELS);
          expect(Number.isFinite(answer.mean) && answer.mean >= 0).toBe(true);
          answer.quantiles.forEach((q, i) => {
            expect(Number.isFinite(q) && q >= 0).toBe(true);
            if (i > 0) expect(q).toBeGreaterThanOrEqual(answer.quantiles[i - 1]!);
          });
        }),
        { numRuns: 30, seed: 1 },
      );
    },
  );

  test('the state survives JSON, and an update leaves the old state as it was', () => {
    fc.assert(
      fc.property(countsArbitrary, fc.integer({ min: 0, max: 1000 }), (counts, next) => {
        const state = learned(counts);
        const before = JSON.stringify(state);
        const observation = { slotStartMs: START_MS + counts.length * SLOT_MS, count: next };
        const direct = update(state, observation);
        const restored = update(JSON.parse(before) as ForecastState, observation);
        expect(JSON.stringify(state)).toBe(before);
        expect(restored).toEqual(direct);
      }),
      { numRuns: 20, seed: 2 },
    );
  });

  test('slots left out are the same as slots reported unknown', () => {
    const counts = busy(2);
    const withNulls = learned([...counts, null, null, null, 500]);
    const state = learned(counts);
    const skipped = update(state, { slotStartMs: START_MS + (counts.length + 3) * SLOT_MS, count: 500 });
    expect(skipped).toEqual(withNulls);
  });

  test.each([60, 300, 600, 3600])('slots of %i s: the state stays under 100 kB', (slotS) => {
    const perDay = 86_400 / slotS;
    const random = seeded(9);
    let state = createForecaster({ slotS });
    // Every bin of a week must have been written: one slot per bin is enough.
    const step = Math.max(1, Math.round(300 / slotS));
    for (let i = 0; i < 8 * perDay; i += step) {
      state = update(state, {
        slotStartMs: START_MS + i * slotS * 1000,
        count: poisson(9e5 * (1 + 0.5 * random()), random),
      });
    }
    expect(JSON.stringify(state).length).toBeLessThan(100_000);
  });
});

describe('what goes wrong in production', () => {
  const fourDays = busy(4);
  const noon = 12 * 6;
  const median = (state: ForecastState) => forecast(state, [0.5]).quantiles[0]!;

  test('unknown slots: the forecast follows the season through the gap', () => {
    const state = learned([...fourDays, ...busy(0.5, 2), ...new Array<null>(18).fill(null)]);
    const truth = daily(noon + 18, 300, 1_200);
    expect(median(state) / truth).toBeGreaterThan(0.85);
    expect(median(state) / truth).toBeLessThan(1.15);
  });

  test('a sudden run of zeros is first taken for an outage: the forecast stays up', () => {
    const state = learned([...fourDays, ...busy(0.5, 2), 0, 0, 0]);
    const truth = daily(noon + 3, 300, 1_200);
    expect(median(state) / truth).toBeGreaterThan(0.8);
    expect(median(state) / truth).toBeLessThan(1.2);
  });

  test('zeros that last are believed: the forecast goes down, and up again when the traffic returns', () => {
    const silent = learned([...fourDays, ...busy(0.5, 2), ...new Array<number>(36).fill(0)]);
    expect(forecast(silent, [0.5, 0.75]).quantiles[1]).toBeLessThan(30);
    const back = [...new Array<number>(36).fill(0), ...busy(2.25, 3, 1, noon + 36)];
    const state = learned([...fourDays, ...busy(0.5, 2), ...back]);
    const truth = daily(4.5 * SLOTS_PER_DAY + back.length, 300, 1_200);
    expect(median(state) / truth).toBeGreaterThan(0.85);
    expect(median(state) / truth).toBeLessThan(1.15);
  });

  test('an empty pool stays empty', () => {
    const state = learned(new Array<number>(SLOTS_PER_DAY).fill(0));
    expect(forecast(state, [0.5, 0.95]).quantiles[1]).toBeLessThan(0.5);
    expect(forecast(state, [0.5]).mean).toBeLessThan(0.5);
  });

  test('a level shift is followed within an hour', () => {
    const state = learned([...fourDays, ...busy(0.5, 2), ...busy(6 / SLOTS_PER_DAY, 4, 3, noon)]);
    const truth = 3 * daily(noon + 6, 300, 1_200);
    expect(median(state) / truth).toBeGreaterThan(0.85);
    expect(median(state) / truth).toBeLessThan(1.15);
  });

  test('a flash crowd lifts the forecast while it lasts and leaves no echo a day later', () => {
    const crowd = busy(4 / SLOTS_PER_DAY, 5, 15, noon);
    const during = learned([...fourDays, ...busy(0.5, 2), ...crowd]);
    expect(median(during)).toBeGreaterThan(4 * daily(noon + 4, 300, 1_200));
    const rest = busy(1 - 4 / SLOTS_PER_DAY, 6, 1, noon + 4);
    const nextDay = learned([...fourDays, ...busy(0.5, 2), ...crowd, ...rest, ...busy(2 / SLOTS_PER_DAY, 7, 1, noon)]);
    const truth = daily(noon + 2, 300, 1_200);
    expect(median(nextDay) / truth).toBeGreaterThan(0.7);
    expect(median(nextDay) / truth).toBeLessThan(1.4);
  });
});

describe('misuse is named', () => {
  const state = learned([5, 6, 7]);
  test.each([
    [
      'an old slot',
      () => update(state, { slotStartMs: START_MS, count: 1 }),
      /expected 2026-01-05T00:30:00.000Z or later/,
    ],
    ['a negative count', () => update(state, { slotStartMs: START_MS + 3 * SLOT_MS, count: -1 }), /received -1/],
    ['a level of 1', () => forecast(state, [1]), /between 0 and 1, received 1/],
    ['a zone', () => createForecaster({ slotS: 600, timeZone: 'Mars/Base' }), /unknown time zone "Mars\/Base"/],
    ['a slot length', () => createForecaster({ slotS: 0 }), /received 0/],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message);
  });
});
