/** Levels at which every method forecasts; other levels are interpolated on the normal scale. */
export const GRID = [0.01, 0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995] as const;

/** Pinball (quantile) loss of forecasting `forecast` as the `level` quantile when `actual` came (Koenker & Bassett 1978). */
export function pinballLoss(level: number, forecast: number, actual: number): number {
  return actual >= forecast ? level * (actual - forecast) : (1 - level) * (forecast - actual);
}

/** Linear-interpolated quantile of ascending values (Hyndman & Fan type 6: unbiased for the level, not the sample). */
export function sortedQuantile(sorted: ArrayLike<number>, level: number): number {
  const n = sorted.length;
  if (n === 0) return 0;
  const position = Math.max(0, Math.min(n - 1, level * (n + 1) - 1));
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(n - 1, below + 1)]!;
  return low + (position - below) * (high - low);
}

const SCORES = GRID.map(normalQuantile);

/** Value at any level from values at the levels of GRID: linear in log(count) over the normal score. */
export function interpolateGrid(grid: readonly number[], level: number): number {
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`a quantile level lies strictly between 0 and 1, received ${level}`);
  }
  const exact = (GRID as readonly number[]).indexOf(level);
  if (exact >= 0) return grid[exact]!;
  const score = normalQuantile(level);
  let above = SCORES.findIndex((s) => s > score);
  if (above === -1) above = SCORES.length - 1;
  const i = Math.max(1, above);
  const low = Math.log1p(grid[i - 1]!);
  const high = Math.log1p(grid[i]!);
  const slope = (high - low) / (SCORES[i]! - SCORES[i - 1]!);
  const value = Math.expm1(low + slope * (score - SCORES[i - 1]!));
  // Rounding must not let a level overtake its neighbour.
  const floor = score > SCORES[i]! ? grid[i]! : score < SCORES[0]! ? 0 : grid[i - 1]!;
  const ceiling = score > SCORES[i]! ? Number.POSITIVE_INFINITY : score < SCORES[0]! ? grid[0]! : grid[i]!;
  return Math.max(floor, Math.min(ceiling, value));
}

/** Inverse of the standard normal distribution, relative error under 1.2e-9 (Acklam's rational approximation). */
export function normalQuantile(p: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
  ];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const poly = (k: readonly number[], x: number) => k.reduce((sum, value) => sum * x + value, 0);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return poly(c, q) / (poly(d, q) * q + 1);
  }
  if (p > 1 - 0.02425) return -normalQuantile(1 - p);
  const q = p - 0.5;
  const r = q * q;
  return (poly(a, r) * q) / (poly(b, r) * r + 1);
}

/** Mean of the distribution that the grid describes: the area under the quantile function, tails held at the outer levels. */
export function gridMean(grid: readonly number[]): number {
  const last = GRID.length - 1;
  let area = GRID[0] * grid[0]! + (1 - GRID[last]!) * grid[last]!;
  for (let i = 1; i <= last; i++) area += (GRID[i]! - GRID[i - 1]!) * 0.5 * (grid[i]! + grid[i - 1]!);
  return area;
}
