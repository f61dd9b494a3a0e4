import { GRID, normalQuantile, sortedQuantile } from './quantiles.ts';
import { fromScale, toScale } from './scales.ts';
import { round } from './season.ts';
import type { ExpertForecast, ResidualState, Scale } from './types.ts';

const WINDOW = 400;
const FAST_MEMORY = 0.9;
const SLOW_MEMORY = 0.993;
/** How much of the spread follows the last ten slots: volatility comes in bursts, but a burst is a poor guide to its own end. */
const FAST_SHARE = 0.3;
const LEAST_SPREAD = { log: 0.002, sqrt: 0.05 } as const;
/** Before anything is known: errors of about 30 %, normal. */
const FIRST_SPREAD = { log: 0.3, sqrt: 1 } as const;
const PRIOR_SCORES = [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95].map((p) => normalQuantile(p) * 1.25);

export function createResiduals(scale: Scale): ResidualState {
  return { window: PRIOR_SCORES.map(round), next: 0, fast: FIRST_SPREAD[scale], slow: FIRST_SPREAD[scale] };
}

export function spreadOf(state: ResidualState, scale: Scale): number {
  return Math.max(LEAST_SPREAD[scale], state.fast ** FAST_SHARE * state.slow ** (1 - FAST_SHARE));
}

/** An expert's forecast: its location plus the quantiles of its own standardised errors, at most `ceiling` requests. */
export function withResiduals(state: ResidualState, scale: Scale, unbounded: number, ceiling: number): ExpertForecast {
  const location = Math.max(0, Math.min(unbounded, toScale(scale, ceiling)));
  const spread = spreadOf(state, scale);
  const sorted = sortedWindow(state.window);
  const grid = GRID.map((level) =>
    Math.min(ceiling, fromScale(scale, location + spread * sortedQuantile(sorted, level))),
  );
  return { location, spread, grid };
}

/** Learns the error of a forecast that was made before the value was known. */
export function learnResidual(
  state: ResidualState,
  scale: Scale,
  forecast: ExpertForecast,
  value: number,
  observed: number,
): ResidualState {
  const error = value - forecast.location;
  const standardised = round(error / forecast.spread);
  const full = state.window.length >= WINDOW;
  const window = full ? state.window.with(state.next, standardised) : [...state.window, standardised];
  const next = full ? (state.next + 1) % WINDOW : 0;
  sortedCache.set(window, replace(sortedWindow(state.window), full ? state.window[state.next]! : null, standardised));
  // A plain mean at first, so that the first guess of the spread is soon forgotten.
  const fastWeight = Math.max(1 - FAST_MEMORY, 1 / (observed + 2));
  const slowWeight = Math.max(1 - SLOW_MEMORY, 1 / (observed + 2));
  const size = Math.min(Math.abs(error), 12 * Math.max(spreadOf(state, scale), LEAST_SPREAD[scale]));
  return {
    window,
    next,
    fast: Math.max(state.fast + fastWeight * (size - state.fast), LEAST_SPREAD[scale]),
    slow: Math.max(state.slow + slowWeight * (size - state.slow), LEAST_SPREAD[scale]),
  };
}

// Sorting is most of an update's work. A window's order follows from its predecessor's by one removal and one insertion; the
// cache holds no information of its own, and a state read back from JSON is simply sorted anew.
const sortedCache = new WeakMap<readonly number[], Float64Array>();

function sortedWindow(window: readonly number[]): Float64Array {
  let sorted = sortedCache.get(window);
  if (sorted === undefined) {
    sorted = Float64Array.from(window).sort();
    sortedCache.set(window, sorted);
  }
  return sorted;
}

function replace(sorted: Float64Array, leaving: number | null, entering: number): Float64Array {
  const kept = leaving === null ? sorted.length : sorted.length - 1;
  const result = new Float64Array(kept + 1);
  const gone = leaving === null ? sorted.length : lowerBound(sorted, leaving);
  result.set(sorted.subarray(0, gone));
  result.set(sorted.subarray(Math.min(gone + 1, sorted.length)), gone);
  const at = lowerBound(result.subarray(0, kept), entering);
  result.copyWithin(at + 1, at, kept);
  result[at] = entering;
  return result;
}

function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
