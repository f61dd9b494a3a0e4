/** Items of the knapsack with one and the same cost and value. */
export interface Column {
  cost: number;
  value: number;
  max: number;
  /** Indices of the caller's items with this very cost and value. */
  members: number[];
}

/** Finds the one item that closes what is left. */
export class Finisher {
  /** Columns after the break by rising value, each with the cheapest at least as valuable. */
  readonly #values: number[] = [];
  readonly #cheapest: number[] = [];
  /** Columns before the break by rising value, each with the dearest no more valuable. */
  readonly #spareValues: number[] = [];
  readonly #dearest: number[] = [];

  constructor(columns: readonly Column[], breakIndex: number) {
    const rising = columns.map((_, j) => j).sort((a, b) => columns[a]!.value - columns[b]!.value);
    const after = rising.filter((j) => j > breakIndex);
    let cheapest = -1;
    for (const j of after.reverse()) {
      if (cheapest < 0 || columns[j]!.cost < columns[cheapest]!.cost) cheapest = j;
      this.#values.push(columns[j]!.value);
      this.#cheapest.push(cheapest);
    }
    this.#values.reverse();
    this.#cheapest.reverse();
    let dearest = -1;
    for (const j of rising) {
      if (j >= breakIndex) continue;
      if (dearest < 0 || columns[j]!.cost > columns[dearest]!.cost) dearest = j;
      this.#spareValues.push(columns[j]!.value);
      this.#dearest.push(dearest);
    }
  }

  cheapestCovering(missing: number): number {
    const k = firstAtLeast(this.#values, missing);
    return k < this.#values.length ? this.#cheapest[k]! : -1;
  }

  dearestWithin(spare: number): number {
    const k = firstAtLeast(this.#spareValues, spare * (1 + 1e-12) + Number.MIN_VALUE);
    return k > 0 ? this.#dearest[k - 1]! : -1;
  }
}

function firstAtLeast(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The greatest amount that every cost is a whole multiple of (prices have few decimals), or 0 when there is none to speak of. */
export function commonDivisor(costs: readonly number[]): number {
  const largest = Math.max(...costs);
  let divisor = 0;
  for (const cost of costs) {
    let a = Math.max(divisor, cost);
    let b = Math.min(divisor, cost);
    while (b > largest * 1e-9) {
      const rest = a - b * Math.round(a / b);
      a = b;
      b = Math.abs(rest);
    }
    divisor = a;
    if (divisor < largest * 1e-4) return 0;
  }
  return divisor;
}

/** Costs come in steps: a bound between two steps may be raised to the upper one. */
export function roundUpTo(step: number, bound: number): number {
  return step > 0 ? Math.max(bound, step * Math.ceil(bound / step - 1e-4)) : bound;
}
