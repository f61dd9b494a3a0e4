import { fromScale, toScale } from './scales.ts';
import type { SeasonView } from './season.ts';
import type { ForecastState, Scale } from './types.ts';

/**
 * Features of the regressions: where the series is, and where its season goes from here. All are differences from the day's
 * mean, so that a level shift moves them together; a season not yet seen contributes no change.
 */
export const FEATURES = 12;
/** Starts as a mean of the last slots that follows the season's change. */
export const PRIOR_WEIGHTS: readonly number[] = [0, 0.4, 0, 0.3, 0.3, 0.5, 0, 0, 0, 0, 0, 0];

export function featuresOf(state: ForecastState, now: SeasonView, before: SeasonView, scale: Scale): number[] {
  const convert = (logValue: number) => (scale === 'log' ? logValue : toScale(scale, fromScale('log', logValue)));
  const base = convert(state.means.day);
  const at = (logValue: number | null) => (logValue === null ? 0 : convert(logValue) - base);
  const change = (to: number | null, from: number | null) =>
    to === null || from === null ? 0 : convert(to) - convert(from);
  return [
    scale === 'log' ? 0.3 : 1,
    at(state.recent[0] ?? null),
    at(state.recent[1] ?? null),
    at(state.means.short),
    at(state.means.medium),
    change(now.day, before.day),
    at(now.day),
    change(now.dayRaw, before.dayRaw),
    change(now.week, before.week),
    at(now.week),
    at(now.dayAgo),
    at(now.weekAgo),
  ];
}

export const regressionBase = (state: ForecastState, scale: Scale): number =>
  scale === 'log' ? state.means.day : toScale(scale, fromScale('log', state.means.day));
