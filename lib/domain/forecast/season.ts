import type { SeasonState } from './types.ts';

const DAY_S = 86_400;
/** Shorter slots share a bin, so that the state stays small: 2,016 bins per week at most. */
const MIN_BIN_S = 300;
/** Weight of a new day (week) in the profiles, once enough of them have been seen for a plain mean to be too slow. */
const DAY_WEIGHT = 0.15;
const WEEK_WEIGHT = 0.3;
const UNSEEN = -1;

/** What the season says of one slot, log scale; null where nothing has been seen. */
export interface SeasonView {
  /** Profile of the day and of the week, smoothed over neighbours. */
  day: number | null;
  week: number | null;
  /** The day's profile without smoothing. */
  dayRaw: number | null;
  dayAgo: number | null;
  weekAgo: number | null;
}

export function createSeason(slotS: number): SeasonState {
  const binS = Math.max(slotS, MIN_BIN_S);
  const perDay = Math.max(1, Math.round(DAY_S / binS));
  const empty = (n: number) => new Array<number>(n).fill(UNSEEN);
  return {
    binS,
    day: empty(perDay),
    week: empty(7 * perDay),
    last: empty(7 * perDay),
    openBin: UNSEEN,
    openSlots: 0,
  };
}

export function binOf(season: SeasonState, timeOfWeekMs: number): number {
  return Math.floor(timeOfWeekMs / 1000 / season.binS) % season.week.length;
}

/** Learns one observed slot (in place; the caller owns the copy). */
export function learnSeason(
  season: SeasonState,
  timeOfWeekMs: number,
  value: number,
  slotS: number,
  observed: number,
): void {
  const { day, week, last } = season;
  const bin = binOf(season, timeOfWeekMs);
  const share = Math.min(1, slotS / season.binS);
  const days = (observed * slotS) / DAY_S;
  blend(day, bin % day.length, value, share * Math.max(DAY_WEIGHT, 1 / (1 + Math.floor(days))));
  blend(week, bin, value, share * Math.max(WEEK_WEIGHT, 1 / (1 + Math.floor(days / 7))));
  if (season.openBin === bin) {
    season.openSlots += 1;
    blend(last, bin, value, 1 / season.openSlots);
  } else {
    season.openBin = bin;
    season.openSlots = 1;
    last[bin] = round(value);
  }
}

function blend(values: number[], at: number, value: number, weight: number): void {
  const old = values[at]!;
  values[at] = round(old === UNSEEN ? value : old + weight * (value - old));
}

export function viewSeason(season: SeasonState, timeOfWeekMs: number): SeasonView {
  const { day, week, last } = season;
  const bin = binOf(season, timeOfWeekMs);
  return {
    day: smooth(day, bin % day.length),
    week: smooth(week, bin),
    dayRaw: seen(day[bin % day.length]),
    dayAgo: seen(last[(bin - day.length + week.length) % week.length]),
    weekAgo: seen(last[bin]),
  };
}

const seen = (value: number | undefined): number | null => (value === undefined || value === UNSEEN ? null : value);

/** Triangular mean over the bin and two neighbours on each side, as far as they have been seen. */
function smooth(values: readonly number[], at: number): number | null {
  const n = values.length;
  const reach = n >= 48 ? 2 : 0;
  let sum = 0;
  let weights = 0;
  for (let j = -reach; j <= reach; j++) {
    const value = values[(((at + j) % n) + n) % n]!;
    if (value === UNSEEN) continue;
    const weight = reach + 1 - Math.abs(j);
    sum += weight * value;
    weights += weight;
  }
  return weights === 0 ? null : sum / weights;
}

/** Four decimals of a logarithm are 0.01 % of a count, and keep the serialised state small. */
export const round = (value: number): number => Math.round(value * 1e4) / 1e4;
