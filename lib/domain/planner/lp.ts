/**
 * A linear program with few rows and many bounded columns: min c·x, A x ≥ b, lower ≤ x ≤ upper, c ≥ 0.
 *
 * Dual simplex on the dictionary (Chvátal 1983, chapters 2, 8 and 10): with non-negative costs the point x = lower is dual feasible, and it
 * stays so when a branch tightens bounds or a cut adds a row, so that each re-solve takes a few pivots.
 *
 * Lifecycle: `createLp` → `solveLp` → (`copyLp`, `setBounds`, `addRow`) → `solveLp` …
 */
export interface Lp {
  /** Columns and the surplus of each row, by variable number: 0…n-1 structural, n… surplus. */
  readonly lower: number[];
  readonly upper: number[];
  /** Variable in each dictionary column, and the bound (value) where it rests. */
  readonly nonbasic: number[];
  readonly resting: number[];
  /** Reduced cost of each dictionary column. */
  readonly reduced: number[];
  /** Variable of each dictionary row, its value, its coefficients over the dictionary columns. */
  readonly basic: number[];
  readonly value: number[];
  readonly rows: Float64Array[];
  objective: number;
  /** Cells touched so far by pivots and copies: what a search counts as work. */
  cells: number;
}

export interface Row {
  coefficients: Float64Array;
  atLeast: number;
}

const eps = 1e-9;

export function createLp(costs: readonly number[], lower: readonly number[], upper: readonly number[]): Lp {
  return {
    lower: [...lower],
    upper: [...upper],
    nonbasic: costs.map((_, j) => j),
    resting: [...lower],
    reduced: [...costs],
    basic: [],
    value: [],
    rows: [],
    objective: costs.reduce((sum, c, j) => sum + (lower[j]! === 0 ? 0 : c * lower[j]!), 0),
    cells: 0,
  };
}

export function copyLp(lp: Lp): Lp {
  return {
    lower: lp.lower.slice(),
    upper: lp.upper.slice(),
    nonbasic: lp.nonbasic.slice(),
    resting: lp.resting.slice(),
    reduced: lp.reduced.slice(),
    basic: lp.basic.slice(),
    value: lp.value.slice(),
    rows: lp.rows.map((row) => row.slice()),
    objective: lp.objective,
    cells: (lp.rows.length + 6) * lp.nonbasic.length,
  };
}

/** Adds a row over the structural columns. Rows are scaled to a largest coefficient of 1. */
export function addRow(lp: Lp, { coefficients, atLeast }: Row): void {
  const n = lp.nonbasic.length;
  let scale = 0;
  for (const a of coefficients) scale = Math.max(scale, Math.abs(a));
  if (scale === 0) scale = 1;
  const position = new Map<number, number>();
  lp.basic.forEach((variable, r) => {
    position.set(variable, r);
  });
  const row = new Float64Array(n);
  let value = -atLeast / scale;
  for (let k = 0; k < n; k++) {
    const variable = lp.nonbasic[k]!;
    if (variable < coefficients.length) {
      const a = coefficients[variable]! / scale;
      row[k]! += a;
      value += a * lp.resting[k]!;
    }
  }
  for (const [variable, r] of position) {
    if (variable >= coefficients.length) continue;
    const a = coefficients[variable]! / scale;
    if (a === 0) continue;
    value += a * lp.value[r]!;
    const from = lp.rows[r]!;
    for (let k = 0; k < n; k++) row[k]! += a * from[k]!;
  }
  lp.basic.push(lp.lower.length);
  lp.lower.push(0);
  lp.upper.push(Number.POSITIVE_INFINITY);
  lp.value.push(value);
  lp.rows.push(row);
}

/** Tightens one column's bounds; call `solveLp` afterwards. */
export function setBounds(lp: Lp, variable: number, lower: number, upper: number): void {
  lp.lower[variable] = lower;
  lp.upper[variable] = upper;
  const k = lp.nonbasic.indexOf(variable);
  if (k < 0) return;
  const rest = Math.min(Math.max(lp.resting[k]!, lower), upper);
  // A column at its upper bound with a negative reduced cost stays at the upper bound when that moves.
  const target = lp.reduced[k]! < 0 ? upper : rest;
  const shift = target - lp.resting[k]!;
  if (shift === 0) return;
  lp.resting[k] = target;
  lp.objective += lp.reduced[k]! * shift;
  for (let r = 0; r < lp.rows.length; r++) lp.value[r]! += lp.rows[r]![k]! * shift;
}

/** @returns false when no point satisfies every row (or, never seen, when the pivots do not end) */
export function solveLp(lp: Lp): boolean {
  const most = 50 + 20 * (lp.rows.length + 2) + 4 * lp.nonbasic.length;
  for (let pivots = 0; pivots < most; pivots++) {
    const r = worstRow(lp);
    if (r < 0) return true;
    if (!pivot(lp, r)) return false;
  }
  return true;
}

function worstRow(lp: Lp): number {
  let worst = -1;
  let most = eps;
  for (let r = 0; r < lp.basic.length; r++) {
    const variable = lp.basic[r]!;
    const value = lp.value[r]!;
    const short = Math.max(lp.lower[variable]! - value, value - lp.upper[variable]!) / (1 + Math.abs(value));
    if (short > most) {
      most = short;
      worst = r;
    }
  }
  return worst;
}

function pivot(lp: Lp, r: number): boolean {
  const leaving = lp.basic[r]!;
  const row = lp.rows[r]!;
  const below = lp.value[r]! < lp.lower[leaving]!;
  const target = below ? lp.lower[leaving]! : lp.upper[leaving]!;
  const sign = below ? 1 : -1;
  let entering = -1;
  let bestRatio = Number.POSITIVE_INFINITY;
  let bestSize = 0;
  for (let k = 0; k < row.length; k++) {
    const a = sign * row[k]!;
    if (Math.abs(a) < 1e-10) continue;
    const variable = lp.nonbasic[k]!;
    const lower = lp.lower[variable]!;
    const upper = lp.upper[variable]!;
    if (upper <= lower) continue;
    const mayRise = lp.resting[k]! < upper;
    const mayFall = lp.resting[k]! > lower;
    if (a > 0 ? !mayRise : !mayFall) continue;
    const ratio = Math.abs(lp.reduced[k]!) / Math.abs(a);
    if (ratio < bestRatio - 1e-12 || (ratio <= bestRatio + 1e-12 && Math.abs(a) > bestSize)) {
      bestRatio = Math.min(ratio, bestRatio);
      bestSize = Math.abs(a);
      entering = k;
    }
  }
  if (entering < 0) return false;
  exchange(lp, r, entering, target);
  return true;
}

/** The basic variable of row `r` goes to rest at `target`, the nonbasic one of column `k` takes its place. */
function exchange(lp: Lp, r: number, k: number, target: number): void {
  const row = lp.rows[r]!;
  const factor = 1 / row[k]!;
  lp.cells += (lp.rows.length + 2) * row.length;
  const step = (target - lp.value[r]!) * factor;
  const entering = lp.nonbasic[k]!;
  for (let i = 0; i < row.length; i++) row[i]! *= -factor;
  row[k] = factor;
  for (let i = 0; i < lp.rows.length; i++) {
    if (i === r) continue;
    const other = lp.rows[i]!;
    const a = other[k]!;
    if (a === 0) continue;
    lp.value[i]! += a * step;
    other[k] = 0;
    for (let j = 0; j < row.length; j++) other[j]! += a * row[j]!;
  }
  const d = lp.reduced[k]!;
  lp.objective += d * step;
  lp.reduced[k] = 0;
  if (d !== 0) for (let j = 0; j < row.length; j++) lp.reduced[j]! += d * row[j]!;
  lp.value[r] = lp.resting[k]! + step;
  lp.nonbasic[k] = lp.basic[r]!;
  lp.basic[r] = entering;
  lp.resting[k] = target;
}

/** Values of the first `n` variables. */
export function lpPoint(lp: Lp, n: number): number[] {
  const x = new Array<number>(n).fill(0);
  lp.nonbasic.forEach((variable, k) => {
    if (variable < n) x[variable] = lp.resting[k]!;
  });
  lp.basic.forEach((variable, r) => {
    if (variable < n) x[variable] = lp.value[r]!;
  });
  return x;
}
