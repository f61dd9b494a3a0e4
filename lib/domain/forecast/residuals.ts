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
  const sorted = Float64Array.from(state.window).sort();
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
  const window = [...state.window];
  const standardised = round(error / forecast.spread);
  let next = state.next;
  if (window.length < WINDOW) window.push(standardised);
  else {
    window[next] = standardised;
    next = (next + 1) % WINDOW;
  }
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
