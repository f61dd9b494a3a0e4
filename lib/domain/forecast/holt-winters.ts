import { round } from './season.ts';
import type { HoltWintersState } from './types.ts';

/** Level, trend and season weights of the bank; the one with the least recent error speaks. */
const BANK = [
  { level: 0.1, trend: 0.001, season: 0.1 },
  { level: 0.3, trend: 0.005, season: 0.1 },
  { level: 0.6, trend: 0.01, season: 0.05 },
] as const;
/** Damping of the trend (Gardner & McKenzie 1985). */
const DAMPING = 0.9;
const ERROR_MEMORY = 0.99;

/** Damped additive Holt-Winters on the log scale, hence multiplicative on counts; the season runs on local time. */
export function createHoltWinters(slotsPerDay: number): HoltWintersState[] {
  return BANK.map(() => ({ level: -1, trend: 0, season: new Array<number>(slotsPerDay).fill(0), error: 0 }));
}

export function predictHoltWinters(bank: readonly HoltWintersState[], slotOfDay: number): number {
  const best = bank.reduce((a, b) => (b.error < a.error ? b : a));
  return one(best, slotOfDay);
}

function one(state: HoltWintersState, slotOfDay: number): number {
  return state.level + DAMPING * state.trend + state.season[slotOfDay]!;
}

/** Learns one slot (in place; the caller owns the copy). An unobserved slot (null) only moves the level along the trend. */
export function learnHoltWinters(bank: HoltWintersState[], slotOfDay: number, value: number | null): void {
  bank.forEach((state, i) => {
    const weights = BANK[i]!;
    const start = state.level === -1;
    if (value === null) {
      if (!start) {
        state.level += DAMPING * state.trend;
        state.trend *= DAMPING;
      }
      return;
    }
    if (start) {
      state.level = value;
      return;
    }
    const error = value - one(state, slotOfDay);
    state.error = ERROR_MEMORY * state.error + (1 - ERROR_MEMORY) * Math.abs(error);
    const previous = state.level;
    state.level = previous + DAMPING * state.trend + weights.level * error;
    state.trend = DAMPING * state.trend + weights.trend * error;
    state.season[slotOfDay] = round(state.season[slotOfDay]! + weights.season * (1 - weights.level) * error);
  });
}
