import { GRID } from './quantiles.ts';

/*
 * How long the series stays empty once it is: what a run of empty slots says of the next one. The experts' errors shrink by a few
 * percent a slot, so that after a load has ended for good their upper quantiles stay up for dozens of slots; the length of the run
 * itself says sooner that nothing more is to be expected. Not where the season says that the quiet time ends.
 */

/** Empty slots in a row, and what came after earlier runs. Plain JSON. */
export interface EmptyRuns {
  /** Empty slots up to now. */
  run: number;
  /** The last slot may have been a broken counter rather than empty. */
  doubted: boolean;
  /** What the season had expected over the run, requests. */
  expected: number;
  /** Discounted: slots that came after a run of such a length (1, 2-3, 4-7, ...), and how many of them were not empty. */
  slots: number[];
  returns: number[];
}

/** Run lengths are told apart by powers of two up to 32 slots and more. */
const LENGTHS = 6;
/** Of an earlier slot of the same length of run, per later one. */
const MEMORY = 0.99;
/** Counts below this are empty: rates over windows of up to two slots make a half of one request. */
const EMPTY_BELOW = 0.1;
/** By this factor over what it expected during the run, the season says that requests come again. */
const SEASON_RISE = 2;
/** Shorter runs are left to the experts: whoever releases and rents again at every pause saves nothing. */
const SHORTEST_RUN = 4;
/** What the run says by itself weighs as many slots as this in the record of earlier runs. */
const PRIOR_SLOTS = 2;

export const createEmptyRuns = (): EmptyRuns => ({
  run: 0,
  doubted: false,
  expected: 0,
  slots: new Array<number>(LENGTHS).fill(0),
  returns: new Array<number>(LENGTHS).fill(0),
});

const lengthOf = (run: number): number => Math.min(LENGTHS - 1, Math.floor(Math.log2(run)));

/**
 * Learns one slot.
 *
 * @param count null: unknown, the run goes on neither way
 * @param doubted the zero was not believed
 * @param expected what the season expected, requests
 */
export function learnEmptyRuns(state: EmptyRuns, count: number | null, doubted: boolean, expected: number): EmptyRuns {
  if (count === null) return state;
  const empty = count < EMPTY_BELOW;
  const next = {
    ...state,
    run: empty ? state.run + 1 : 0,
    doubted,
    expected: empty ? Math.round(10 * (state.expected + expected)) / 10 : 0,
  };
  if (state.run === 0) return next;
  const at = lengthOf(state.run);
  const learned = (values: readonly number[], add: number) =>
    values.map((value, i) => (i === at ? MEMORY * value + add : value));
  return { ...next, slots: learned(state.slots, 1), returns: learned(state.returns, empty ? 0 : 1) };
}

/**
 * Probability that the next slot is not empty: the share of returns after runs of this length, drawn towards what a run of k empty
 * slots says alone, half a return in k slots (Jeffreys' prior). Null: no run long enough, or not believed.
 */
export function returnProbability({ run, doubted, slots, returns }: EmptyRuns): number | null {
  if (doubted || run < SHORTEST_RUN) return null;
  const at = lengthOf(run);
  return (returns[at]! + PRIOR_SLOTS * (0.5 / run)) / (slots[at]! + PRIOR_SLOTS);
}

/**
 * The quantiles of a count that is zero with some probability are zero up to there.
 *
 * @param expected what the season expects of the next slot, requests
 */
export function withEmptyRuns(state: EmptyRuns, grid: readonly number[], expected: number): number[] {
  const returning = returnProbability(state);
  if (returning === null || expected > 1 + (SEASON_RISE * state.expected) / state.run) return [...grid];
  return grid.map((value, i) => (GRID[i]! <= 1 - returning ? 0 : value));
}
