import { createEmptyRuns, learnEmptyRuns, withEmptyRuns } from './empty-runs.ts';
import { type Context, contextOf, createRegressions, learnRegressions, locations, SCALE_OF } from './experts.ts';
import { createHoltWinters, learnHoltWinters } from './holt-winters.ts';
import { localTimeOfWeekMs } from './local-time.ts';
import { calibrate, createLosses, gridSpread, learnLosses, learnOffsets, mixGrids } from './mixture.ts';
import { GRID, gridMean, interpolateGrid } from './quantiles.ts';
import { createResiduals, learnResidual, spreadOf, withResiduals } from './residuals.ts';
import { fromScale, toScale } from './scales.ts';
import { createSeason, learnSeason } from './season.ts';
import { type Forecast, type ForecastConfig, type ForecastState, METHODS, type SlotObservation } from './types.ts';

/*
 * Lifecycle: createForecaster → update once per slot, in order → forecast at any time, for the slot after the last update.
 * An update first scores the forecast that was pending for its slot, then learns the value, then makes the next forecast:
 * nothing can look ahead. State is a plain value; update returns a new one and leaves the old untouched, so a crash between
 * two slots loses at most one of them, and slots left out are taken as unobserved.
 */

/** Gaps longer than this only move the clock: the season remembers, the recent level is stale anyway. */
const MAX_GAP_SLOTS = 2_016;
const RECENT = 3;
const SHORT_WEIGHT = 0.4;
const MEDIUM_WEIGHT = 0.12;
/** Of a deviation from the season, per unobserved slot. */
const DEVIATION_MEMORY = 0.97;
const BIAS_MEMORY = 0.997;
/** No method may go further above the largest count of late than this: heavy-tailed logarithms explode otherwise. */
const PEAK_MULTIPLE = 4;
const PEAK_MEMORY_PER_DAY = 0.98;
/** A zero where at least this many requests were expected is first taken for an outage... */
const SUSPECT_EXPECTED = 20;
/** ...and believed after this long. */
const SUSPECT_S = 3_600;

/**
 * A forecaster of the requests per slot of one pool.
 *
 * @throws RangeError when slotS is not between one second and a day, or the time zone or method is unknown
 */
export function createForecaster(config: ForecastConfig): ForecastState {
  const { slotS, timeZone = 'UTC', method = 'auto' } = config;
  if (!(slotS >= 1 && slotS <= 86_400)) {
    throw new RangeError(`slotS is a slot's length from 1 to 86400 seconds, received ${slotS}`);
  }
  if (method !== 'auto' && !METHODS.includes(method)) {
    throw new RangeError(`unknown forecast method "${method}": use auto, ${METHODS.join(', ')}`);
  }
  localTimeOfWeekMs(timeZone, 0);
  const season = createSeason(slotS);
  return {
    version: 1,
    slotS,
    timeZone,
    method,
    nextSlotStartMs: null,
    observed: 0,
    peak: 0,
    suspectZeros: 0,
    emptyRuns: createEmptyRuns(),
    recent: [],
    means: { short: 0, medium: 0, day: 0 },
    season,
    holtWinters: createHoltWinters(season.day.length),
    regressions: createRegressions(),
    residuals: METHODS.map((m) => createResiduals(SCALE_OF[m])),
    losses: createLosses(METHODS.length),
    offsets: GRID.map(() => 0),
    bias: { actual: 0, expected: 0 },
    pending: null,
  };
}

/**
 * Learns one slot. Slots between the last one and this one count as unobserved.
 *
 * @throws RangeError when the slot is not after the last one, or the count is negative or not finite
 */
export function update(state: ForecastState, observation: SlotObservation): ForecastState {
  const { slotStartMs, count } = observation;
  if (count !== null && !(count >= 0 && count < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`count is the requests of a slot, zero or more, or null when unknown; received ${count}`);
  }
  const slotMs = state.slotS * 1000;
  if (state.nextSlotStartMs === null) return count === null ? state : first(state, slotStartMs, count);
  const gap = Math.round((slotStartMs - state.nextSlotStartMs) / slotMs);
  if (gap < 0) {
    throw new RangeError(
      `slots are given once each and in order: expected ${new Date(state.nextSlotStartMs).toISOString()} or later, received ${new Date(slotStartMs).toISOString()}`,
    );
  }
  let current = state;
  for (let i = 0; i < Math.min(gap, MAX_GAP_SLOTS); i++) {
    current = learn(current, slotStartMs - (Math.min(gap, MAX_GAP_SLOTS) - i) * slotMs, null);
  }
  if (gap > 0) current = prepare(current);
  return prepare(learn(current, slotStartMs, count));
}

/** Forecast of the slot after the last update, at the levels asked for (each strictly between 0 and 1). */
export function forecast(state: ForecastState, levels: readonly number[]): Forecast {
  const { pending } = state;
  if (pending === null) return { slotStartMs: null, mean: 0, quantiles: levels.map(() => 0) };
  return {
    slotStartMs: state.nextSlotStartMs,
    mean: pending.mean,
    quantiles: levels.map((level) => Math.min(ceilingOf(state), interpolateGrid(pending.grid, level))),
  };
}

function first(state: ForecastState, slotStartMs: number, count: number): ForecastState {
  const z = toScale('log', count);
  const started = { ...state, means: { short: z, medium: z, day: z } };
  return prepare(learn({ ...started, nextSlotStartMs: slotStartMs }, slotStartMs, count));
}

function learn(state: ForecastState, slotStartMs: number, count: number | null): ForecastState {
  const { believed, suspectZeros } = believe(state, count);
  const scored = believed === null ? state : score(state, believed);
  const context = contextOf(state, slotStartMs);
  const absorbed = absorb(scored, context, slotStartMs, believed);
  const emptyRuns = learnEmptyRuns(
    state.emptyRuns ?? createEmptyRuns(),
    count,
    count === 0 && believed === null,
    seasonal(context),
  );
  return { ...absorbed, suspectZeros, emptyRuns, nextSlotStartMs: slotStartMs + state.slotS * 1000 };
}

/** A sudden zero is more often a broken counter or endpoint than a world gone quiet: unknown at first, believed if it lasts. */
function believe(state: ForecastState, count: number | null): { believed: number | null; suspectZeros: number } {
  if (count !== 0) return { believed: count, suspectZeros: count === null ? state.suspectZeros : 0 };
  const suspectZeros = state.suspectZeros + 1;
  const expected = state.pending?.grid[0] ?? 0;
  const sudden = expected >= SUSPECT_EXPECTED || state.suspectZeros > 0;
  const lasted = suspectZeros * state.slotS > SUSPECT_S;
  return sudden && !lasted
    ? { believed: null, suspectZeros }
    : { believed: 0, suspectZeros: sudden ? suspectZeros : 0 };
}

/** Scores the pending forecasts against what came. */
function score(state: ForecastState, count: number): ForecastState {
  const { pending } = state;
  if (pending === null) return state;
  const grids = pending.experts.map((e) => e.grid);
  return {
    ...state,
    residuals: state.residuals.map((r, k) => {
      const scale = SCALE_OF[METHODS[k]!];
      return learnResidual(r, scale, pending.experts[k]!, toScale(scale, count), state.observed);
    }),
    losses: learnLosses(state.losses, grids, count),
    offsets: learnOffsets(state.offsets, pending.grid, count),
    bias: {
      actual: BIAS_MEMORY * state.bias.actual + count,
      expected: BIAS_MEMORY * state.bias.expected + gridMean(pending.grid),
    },
  };
}

/** Learns the value of a slot; an unobserved one is bridged. */
function absorb(state: ForecastState, context: Context, slotStartMs: number, count: number | null): ForecastState {
  const z = count === null ? bridge(state, context) : toScale('log', count);
  const { short, medium, day } = state.means;
  const perDay = 86_400 / state.slotS;
  const next: ForecastState = {
    ...state,
    recent: [z, ...state.recent].slice(0, RECENT),
    means: {
      short: short + SHORT_WEIGHT * (z - short),
      medium: medium + MEDIUM_WEIGHT * (z - medium),
      day: day + Math.max(1 / perDay, 1 / (state.observed + 1)) * (z - day),
    },
    holtWinters: state.holtWinters.map((h) => ({ ...h, season: [...h.season] })),
  };
  learnHoltWinters(next.holtWinters, context.slotOfDay, count === null ? null : z);
  if (count === null) return next;
  const { season } = state;
  next.season = { ...season, day: [...season.day], week: [...season.week], last: [...season.last] };
  learnSeason(next.season, localTimeOfWeekMs(state.timeZone, slotStartMs), z, state.slotS, state.observed);
  next.observed = state.observed + 1;
  next.peak = Math.max(count, state.peak * PEAK_MEMORY_PER_DAY ** (1 / perDay));
  if (state.pending !== null) {
    next.regressions = learnRegressions(
      state,
      context,
      (scale) => toScale(scale, count),
      (method) => spreadOf(state.residuals[METHODS.indexOf(method)]!, SCALE_OF[method]),
    );
  }
  return next;
}

/**
 * Stands in for an unobserved slot: the season, shifted by what is left of the last deviation from it. Feeding forecasts back
 * instead would extrapolate the last momentum, which is 30 % off after three hours of a smooth day.
 */
function bridge(state: ForecastState, { now, before }: Context): number {
  const latest = state.recent[0] ?? 0;
  if (now.day === null || before.day === null) return state.means.medium;
  return Math.max(0, now.day + DEVIATION_MEMORY * (latest - before.day));
}

/** The most that the season remembers of this time of the day or week, requests; 0 where it has seen nothing. */
const seasonal = ({ now }: Context): number =>
  fromScale('log', Math.max(now.day ?? 0, now.dayAgo ?? 0, now.weekAgo ?? 0));

const ceilingOf = (state: ForecastState): number => PEAK_MULTIPLE * (state.peak + 1);

/** Makes the forecast of the slot that follows. */
function prepare(state: ForecastState): ForecastState {
  const context = contextOf(state, state.nextSlotStartMs!);
  const at = locations(state, context);
  const ceiling = ceilingOf(state);
  const experts = METHODS.map((m, k) => withResiduals(state.residuals[k]!, SCALE_OF[m], at[m], ceiling));
  const alone = (METHODS as readonly string[]).indexOf(state.method);
  const raw =
    alone >= 0
      ? experts[alone]!.grid
      : mixGrids(
          state.losses,
          experts.map((e) => e.grid),
        );
  const spread = gridSpread(raw);
  const runs = state.emptyRuns ?? createEmptyRuns();
  const grid =
    alone >= 0 ? raw : withEmptyRuns(runs, calibrate(raw, spread, state.offsets, ceiling), seasonal(context));
  const { actual, expected } = state.bias;
  const ratio = expected > 0 ? Math.max(0.8, Math.min(1.25, actual / expected)) : 1;
  return { ...state, pending: { experts, grid, mean: ratio * gridMean(grid) } };
}
