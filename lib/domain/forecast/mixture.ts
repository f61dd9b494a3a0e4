import { GRID, pinballLoss } from './quantiles.ts';

/** Weight kept by past losses per slot (about 1.5 days of ten-minute slots). */
const LOSS_MEMORY = 0.995;
/** How strongly a better recent record is trusted. */
const LEARNING_RATE = 25;
/** Steps of the calibration, in units of the spread. */
const STEP = 0.03;

export function createLosses(experts: number): number[][] {
  return Array.from({ length: experts }, () => new Array<number>(GRID.length).fill(0));
}

/** Discounted mean pinball loss of each expert at each level. */
export function learnLosses(losses: readonly number[][], grids: readonly number[][], actual: number): number[][] {
  return losses.map((row, k) =>
    row.map((loss, i) => LOSS_MEMORY * loss + (1 - LOSS_MEMORY) * pinballLoss(GRID[i]!, grids[k]![i]!, actual)),
  );
}

/**
 * Exponentially weighted average of the experts' quantiles, level by level (Berrisch & Ziel 2023, "CRPS learning": weights may
 * differ over the distribution), on the log scale. Losses are relative to the best expert, so the unit of the counts drops out;
 * neighbouring levels share their record.
 */
export function mixGrids(losses: readonly number[][], grids: readonly number[][]): number[] {
  const smoothed = losses.map((row) => row.map((_, i) => neighbours(row, i)));
  const mixed = GRID.map((_, i) => {
    const best = Math.min(...smoothed.map((row) => row[i]!));
    let sum = 0;
    let weights = 0;
    for (let k = 0; k < grids.length; k++) {
      const excess = best > 0 ? smoothed[k]![i]! / best - 1 : 0;
      const weight = Math.exp(-LEARNING_RATE * excess);
      sum += weight * Math.log1p(grids[k]![i]!);
      weights += weight;
    }
    return Math.expm1(sum / weights);
  });
  return monotone(mixed);
}

function neighbours(row: readonly number[], i: number): number {
  return (row[i - 1] ?? row[i]!) + 2 * row[i]! + (row[i + 1] ?? row[i]!);
}

/** Spread of a grid on the log scale: its interquartile range as a normal standard deviation. */
export function gridSpread(grid: readonly number[]): number {
  const at = (level: (typeof GRID)[number]) => Math.log1p(grid[GRID.indexOf(level)]!);
  return Math.max(0.002, (at(0.75) - at(0.25)) / 1.349);
}

/**
 * Quantile tracking (Angelopoulos, Candès & Tibshirani 2023, "Conformal PID control"): each level's offset rises when it was
 * exceeded and falls when it was not, so that the long-run coverage is the level whatever the series does.
 */
export function calibrate(
  grid: readonly number[],
  spread: number,
  offsets: readonly number[],
  ceiling: number,
): number[] {
  const shifted = grid.map((value, i) => Math.expm1(Math.log1p(value) + spread * offsets[i]!));
  return monotone(shifted.map((value) => Math.max(0, Math.min(ceiling, value))));
}

export function learnOffsets(offsets: readonly number[], grid: readonly number[], actual: number): number[] {
  return offsets.map((offset, i) => {
    const next = offset + STEP * ((actual > grid[i]! ? 1 : 0) - (1 - GRID[i]!));
    return Math.max(-5, Math.min(10, next));
  });
}

const monotone = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
