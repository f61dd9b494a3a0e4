import { FEATURES, featuresOf, PRIOR_WEIGHTS, regressionBase } from './features.ts';
import { predictHoltWinters } from './holt-winters.ts';
import { localTimeOfWeekMs } from './local-time.ts';
import { createRls, learnRls, predictRls } from './rls.ts';
import { binOf, type SeasonView, viewSeason } from './season.ts';
import type { ForecastState, MethodName, RlsState, Scale } from './types.ts';

export const SCALE_OF: Record<MethodName, Scale> = {
  naive: 'log',
  'seasonal-naive': 'log',
  'seasonal-naive-week': 'log',
  level: 'log',
  'holt-winters': 'log',
  'regression-log': 'log',
  'regression-fast': 'log',
  'regression-sqrt': 'sqrt',
};

const REGRESSIONS = [
  { method: 'regression-log', scale: 'log', forgettingPerDay: 0.95, priorVariance: 1 },
  { method: 'regression-fast', scale: 'log', forgettingPerDay: 0.7, priorVariance: 1 },
  { method: 'regression-sqrt', scale: 'sqrt', forgettingPerDay: 0.95, priorVariance: 0.3 },
] as const;

export const createRegressions = (): RlsState[] =>
  REGRESSIONS.map((r) => createRls(PRIOR_WEIGHTS.slice(0, FEATURES), r.priorVariance));

/** What the season says of the coming slot and of the one before it. */
export interface Context {
  now: SeasonView;
  before: SeasonView;
  slotOfDay: number;
}

export function contextOf(state: ForecastState, slotStartMs: number): Context {
  const week = localTimeOfWeekMs(state.timeZone, slotStartMs);
  const weekBefore = localTimeOfWeekMs(state.timeZone, slotStartMs - state.slotS * 1000);
  return {
    now: viewSeason(state.season, week),
    before: viewSeason(state.season, weekBefore),
    slotOfDay: binOf(state.season, week) % state.season.day.length,
  };
}

/** Where each method expects the coming slot, each on its own scale. */
export function locations(state: ForecastState, context: Context): Record<MethodName, number> {
  const { now } = context;
  const latest = state.recent[0] ?? 0;
  const regression = (i: 0 | 1 | 2) => {
    const { scale } = REGRESSIONS[i];
    const features = featuresOf(state, context.now, context.before, scale);
    return regressionBase(state, scale) + predictRls(state.regressions[i]!, features);
  };
  return {
    naive: latest,
    'seasonal-naive': now.dayAgo ?? latest,
    'seasonal-naive-week': now.weekAgo ?? now.dayAgo ?? latest,
    level: state.means.short,
    'holt-winters': predictHoltWinters(state.holtWinters, context.slotOfDay),
    'regression-log': regression(0),
    'regression-fast': regression(1),
    'regression-sqrt': regression(2),
  };
}

/** Learns the regressions from a slot's value; `context` is what was known before it. */
export function learnRegressions(
  state: ForecastState,
  context: Context,
  valueOn: (scale: Scale) => number,
  spreadOfRegression: (method: MethodName) => number,
): RlsState[] {
  return REGRESSIONS.map(({ method, scale, forgettingPerDay }, i) => {
    const features = featuresOf(state, context.now, context.before, scale);
    const target = valueOn(scale) - regressionBase(state, scale);
    const forgetting = forgettingPerDay ** (state.slotS / 86_400);
    return learnRls(state.regressions[i]!, features, target, forgetting, 5 * spreadOfRegression(method), 10);
  });
}
