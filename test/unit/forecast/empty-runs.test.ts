import { describe, expect, it } from 'vitest';
import { createEmptyRuns, learnEmptyRuns, returnProbability } from '../../../lib/domain/forecast/empty-runs.ts';
import { createForecaster, forecast, update } from '../../../lib/domain/forecast/forecaster.ts';
import type { ForecastState } from '../../../lib/domain/forecast/types.ts';
import { poisson, seeded } from '../../support/series.ts';

/** Zeros that the caller knows to be real from the third on, as the scaler gives them. */
const believed = (state: ForecastState, count: number) => (count === 0 && state.suspectZeros >= 2 ? 1e-3 : count);

function series(slotS: number, counts: Iterable<number>, state = createForecaster({ slotS })): ForecastState {
  let next = state;
  for (const count of counts) {
    const slotStartMs = next.nextSlotStartMs ?? 0;
    next = update(next, { slotStartMs, count: believed(next, count) });
  }
  return next;
}
const steady = (mean: number, slots: number, seed = 1) => {
  const random = seeded(seed);
  return Array.from({ length: slots }, () => poisson(mean, random));
};
const zeros = (slots: number) => new Array<number>(slots).fill(0);
const high = (state: ForecastState, level = 0.9) => forecast(state, [level]).quantiles[0]!;

describe('a load that ends', () => {
  it.each([
    [20, 100],
    [600, 3_000],
    [20, 5],
  ])('slots of %i s, %i requests in each: nothing is expected after six empty ones', (slotS, mean) => {
    const before = series(slotS, steady(mean, 200));
    expect(high(before)).toBeGreaterThan(0.9 * mean);
    expect(high(series(slotS, zeros(3), before))).toBeGreaterThan(1);
    expect(high(series(slotS, zeros(6), before))).toBe(0);
    expect(high(series(slotS, zeros(30), before))).toBe(0);
    // And it is followed at once when it is back.
    const back = series(slotS, [...zeros(30), ...steady(mean, 3, 2)], before);
    expect(high(back)).toBeGreaterThan(0.5 * mean);
  });

  it('the higher the quantile, the longer it is held', () => {
    const before = series(20, steady(100, 200));
    const heldFor = (level: number) => {
      let slots = 0;
      while (high(series(20, zeros(slots), before), level) > 0) slots += 1;
      return slots;
    };
    const [low, usual, careful] = [heldFor(0.75), heldFor(0.9), heldFor(0.99)];
    expect(low).toBeLessThanOrEqual(usual);
    expect(usual).toBeLessThan(careful);
  });

  it('is an outage as long as zeros are not believed', () => {
    let state = series(600, steady(3_000, 200));
    for (let i = 0; i < 5; i++) state = update(state, { slotStartMs: state.nextSlotStartMs!, count: 0 });
    expect(high(state)).toBeGreaterThan(1_000);
  });
});

describe('requests that come now and then', () => {
  it('keep their quantile: pauses as long as usual say nothing', () => {
    const random = seeded(5);
    // One in five slots or so; a pause of four to seven slots is common.
    const rare = Array.from({ length: 400 }, () => (random() < 0.2 ? 1 : 0));
    let state = series(20, rare.slice(0, 200));
    let covered = 0;
    let late = 0;
    for (const count of rare.slice(200)) {
      if (state.emptyRuns!.run >= 4 && state.emptyRuns!.run < 8) {
        late += 1;
        covered += count <= high(state) ? 1 : 0;
      }
      state = series(20, [count], state);
    }
    expect(late).toBeGreaterThan(30);
    expect(covered / late).toBeGreaterThan(0.85);
  });
});

describe('a night without requests', () => {
  it('ends in the forecast when the season says so', () => {
    const random = seeded(3);
    const day = () => Array.from({ length: 144 }, (_, slot) => (slot >= 48 && slot < 120 ? poisson(600, random) : 0));
    const beforeMorning = series(600, [...day(), ...day(), ...day(), ...zeros(48)]);
    expect(beforeMorning.emptyRuns!.run).toBeGreaterThan(48);
    expect(high(beforeMorning)).toBeGreaterThan(400);
    const inTheNight = series(600, [...day(), ...day(), ...day(), ...zeros(30)]);
    expect(high(inTheNight)).toBe(0);
  });
});

describe('the record of runs', () => {
  it('learns how long the series stays empty, and forgets nothing over unknown slots', () => {
    let runs = createEmptyRuns();
    const see = (count: number | null, doubted = false) => {
      runs = learnEmptyRuns(runs, count, doubted, 0);
    };
    for (let cycle = 0; cycle < 20; cycle++) for (const count of [7, 0, 0, 0, 0, 0]) see(count);
    // The fifth empty slot has always been the last.
    expect(runs.run).toBe(5);
    expect(returnProbability(runs)).toBeGreaterThan(0.4);
    see(null);
    expect(runs.run).toBe(5);
    see(0, true);
    expect(returnProbability(runs)).toBeNull();
    see(3);
    expect([runs.run, returnProbability(runs)]).toEqual([0, null]);
  });
});
