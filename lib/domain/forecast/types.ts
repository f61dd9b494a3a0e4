import type { EmptyRuns } from './empty-runs.ts';

/** The forecasting methods; each is a complete forecaster with its own quantiles, and an expert of `auto`. */
export const METHODS = [
  'naive',
  'seasonal-naive',
  'seasonal-naive-week',
  'level',
  'holt-winters',
  'regression-log',
  'regression-fast',
  'regression-sqrt',
] as const;
export type MethodName = (typeof METHODS)[number];

/** `auto` mixes all methods, quantile by quantile, by their recent pinball loss. */
export type ForecastMethod = MethodName | 'auto';

export interface ForecastConfig {
  /** Length of a slot in seconds; slots follow each other in UTC. */
  slotS: number;
  /** IANA name ("Europe/Berlin") or fixed offset ("UTC-4"): the season follows its wall clock. Default "UTC". */
  timeZone?: string;
  /** Default "auto". */
  method?: ForecastMethod;
}

/** What happened in one slot. */
export interface SlotObservation {
  /** Start of the slot, UTC epoch milliseconds. Slots left out count as unobserved. */
  slotStartMs: number;
  /** Requests that arrived; null when unknown (monitoring gap, endpoint down): unknown is not zero. */
  count: number | null;
}

export interface Forecast {
  /** The slot that the forecast is for; null before the first observation. */
  slotStartMs: number | null;
  /** Expected requests in the slot. Divide by `slotS` for a rate. */
  mean: number;
  /** One value per level asked for, in the same order, requests per slot; never falls as the level rises. */
  quantiles: number[];
}

/** Scales on which the methods are linear and their errors roughly even. */
export type Scale = 'log' | 'sqrt';

/** Recursive least squares: weights and the row-major inverse information matrix. */
export interface RlsState {
  weights: number[];
  covariance: number[];
}

export interface HoltWintersState {
  level: number;
  trend: number;
  /** Additive on the log scale, one per local slot of the day. */
  season: number[];
  /** Discounted mean absolute error, by which one of the bank is chosen. */
  error: number;
}

/** Memory of the season on the log scale by local time; -1 = never seen. */
export interface SeasonState {
  binS: number;
  /** Discounted mean by local bin of the day. */
  day: number[];
  /** Discounted mean by local bin of the week. */
  week: number[];
  /** The latest value by local bin of the week. */
  last: number[];
  /** Local bin of the week written last, and how many slots went into it (slots may be shorter than bins). */
  openBin: number;
  openSlots: number;
}

/** Errors of one expert on its scale, in units of its own current spread. */
export interface ResidualState {
  /** Ring of standardised errors. */
  window: number[];
  next: number;
  /** Discounted mean absolute error, over about ten slots and about a day. */
  fast: number;
  slow: number;
}

/** One expert's forecast of the coming slot. */
export interface ExpertForecast {
  /** Location on the expert's scale. */
  location: number;
  spread: number;
  /** Requests per slot at each level of GRID. */
  grid: number[];
}

/** Everything a pool's forecast remembers; plain JSON, at most 100 kB whatever the slot length. */
export interface ForecastState {
  version: 1;
  slotS: number;
  timeZone: string;
  method: ForecastMethod;
  nextSlotStartMs: number | null;
  /** Slots with a count so far. */
  observed: number;
  /** Largest count of late (it fades by 2 % a day): no quantile goes beyond a few times this. */
  peak: number;
  /** Zero slots in a row that look like an outage (see forecaster.ts). */
  suspectZeros: number;
  /** Absent in states of earlier versions. */
  emptyRuns?: EmptyRuns;
  /** Log-scale value of the last slots, latest first, gaps filled with the forecast. */
  recent: number[];
  /** Discounted log-scale means: about 2, 8 slots and one day. */
  means: { short: number; medium: number; day: number };
  season: SeasonState;
  holtWinters: HoltWintersState[];
  regressions: RlsState[];
  residuals: ResidualState[];
  /** Discounted pinball loss per expert and level. */
  losses: number[][];
  /** Calibration per level, in units of the mixture's spread. */
  offsets: number[];
  /** Discounted sums of what came and what was expected, for the mean's bias. */
  bias: { actual: number; expected: number };
  pending: { experts: ExpertForecast[]; grid: number[]; mean: number } | null;
}
