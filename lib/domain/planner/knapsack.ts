import { type Column, commonDivisor, Finisher, roundUpTo } from './knapsack-finish.ts';

/**
 * The minimum-cost covering knapsack: min Σ cost_j x_j subject to Σ value_j x_j ≥ demand, 0 ≤ x_j ≤ max_j, x_j whole.
 *
 * Exact by dynamic programming over an expanding core (Pisinger 2000, "A minimal algorithm for the bounded knapsack
 * problem", turned from packing to covering): the linear relaxation fills items in order of cost per value up to the *break item*;
 * an optimal solution differs from it in few items, those whose reduced cost is smaller than the gap that is left.
 */
export interface CoverItem {
  cost: number;
  /** Items of no value are never used. */
  value: number;
  max: number;
}

export interface CoverSolution {
  counts: number[];
  cost: number;
  /** Equal to `cost` when proven. */
  lowerBound: number;
  proven: boolean;
}

/** Relative slack for sums of floating-point numbers. */
const tolerance = 1e-9;

/** States explored before the search gives up proving; far above what catalogues need. */
const defaultMaxStates = 400_000;

/**
 * @param demand what the chosen values have to add up to
 * @returns null when all items together do not reach the demand
 */
export function coverKnapsack(
  items: readonly CoverItem[],
  demand: number,
  maxStates: number = defaultMaxStates,
): CoverSolution | null {
  const counts = new Array<number>(items.length).fill(0);
  if (demand <= 0) return { counts, cost: 0, lowerBound: 0, proven: true };
  const need = demand * (1 - tolerance);
  const columns = usefulColumns(items, need);
  const solution = solveColumns(columns, need, maxStates);
  if (solution === null) return null;
  columns.forEach((column, j) => {
    let left = solution.counts[j]!;
    for (const i of column.members) {
      const take = Math.min(left, items[i]!.max);
      counts[i] = take;
      left -= take;
      if (left === 0) break;
    }
  });
  const cost = counts.reduce((sum, x, i) => sum + x * items[i]!.cost, 0);
  const lowerBound = solution.proven ? cost : Math.min(cost, solution.lowerBound);
  return { counts, cost, lowerBound, proven: solution.proven };
}

/** Merges equal items, drops worthless and dominated ones, and sorts by cost per value. */
function usefulColumns(items: readonly CoverItem[], need: number): Column[] {
  const merged = new Map<string, Column>();
  items.forEach((item, i) => {
    if (!(item.value > 0) || !(item.max > 0)) return;
    const key = `${item.value}/${item.cost}`;
    const column = merged.get(key);
    if (column) {
      column.max += item.max;
      column.members.push(i);
    } else merged.set(key, { cost: item.cost, value: item.value, max: item.max, members: [i] });
  });
  const byValue = [...merged.values()].sort((a, b) => b.value - a.value || a.cost - b.cost);
  const kept: Column[] = [];
  let cheapestUnlimited = Number.POSITIVE_INFINITY;
  for (const column of byValue) {
    // Something at least as valuable, no dearer and available without limit replaces this one in any solution.
    if (cheapestUnlimited <= column.cost) continue;
    const enough = Math.ceil(need / column.value);
    if (column.max >= enough) {
      cheapestUnlimited = column.cost;
      column.max = enough;
    }
    kept.push(column);
  }
  return kept.sort((a, b) => a.cost / a.value - b.cost / b.value || b.value - a.value);
}

/** What the linear relaxation says: items before `breakIndex` in full, then a part of the break item. */
interface Relaxation {
  breakIndex: number;
  /** Value and cost of the items before the break item. */
  value: number;
  cost: number;
  lowerBound: number;
  /** Cost per value of the break item: the price of the demand constraint. */
  price: number;
}

function relax(columns: readonly Column[], need: number): Relaxation | null {
  let value = 0;
  let cost = 0;
  for (let j = 0; j < columns.length; j++) {
    const column = columns[j]!;
    if (value + column.value * column.max >= need) {
      const price = column.cost / column.value;
      return { breakIndex: j, value, cost, lowerBound: cost + price * (need - value), price };
    }
    value += column.value * column.max;
    cost += column.cost * column.max;
  }
  return null;
}

/** Partial solutions in growing arrays: each is its parent with `count` more (or fewer) of one column. */
class States {
  readonly value: number[] = [];
  readonly cost: number[] = [];
  readonly parent: number[] = [];
  readonly column: number[] = [];
  readonly change: number[] = [];
  add(value: number, cost: number, parent: number, column: number, change: number): number {
    this.value.push(value);
    this.cost.push(cost);
    this.parent.push(parent);
    this.column.push(column);
    this.change.push(change);
    return this.value.length - 1;
  }
}

function solveColumns(
  columns: readonly Column[],
  need: number,
  maxStates: number,
): { counts: number[]; lowerBound: number; proven: boolean } | null {
  const relaxation = relax(columns, need);
  if (relaxation === null) return null;
  const { breakIndex, price } = relaxation;
  const lowerBound = roundUpTo(commonDivisor(columns.map((c) => c.cost)), relaxation.lowerBound);
  const breakColumn = columns[breakIndex]!;
  const states = new States();
  let live = [states.add(relaxation.value, relaxation.cost, -1, -1, 0)];
  let best: Completion = { cost: Number.POSITIVE_INFINITY, state: 0, breakCount: 0, extra: -1, change: 0 };
  const finish = new Finisher(columns, breakIndex);

  /** Completes a state: break items, and at most one item of another column more or less. */
  const complete = (state: number) => {
    const missing = need - states.value[state]!;
    const most = breakColumn.max;
    const enough = missing <= 0 ? 0 : Math.ceil(missing / breakColumn.value - 1e-12);
    const cost = states.cost[state]! + enough * breakColumn.cost;
    if (enough <= most) {
      if (cost < best.cost) best = { cost, state, breakCount: enough, extra: -1, change: 0 };
      const spare = enough * breakColumn.value - missing;
      const extra = finish.dearestWithin(spare);
      if (
        extra >= 0 &&
        cost - columns[extra]!.cost < best.cost &&
        mayChange(states, state, columns, extra, -1, breakIndex)
      ) {
        best = { cost: cost - columns[extra]!.cost, state, breakCount: enough, extra, change: -1 };
      }
    }
    const fewer = Math.min(enough - 1, most);
    if (fewer < 0) return;
    const extra = finish.cheapestCovering(missing - fewer * breakColumn.value);
    if (extra < 0) return;
    const withExtra = states.cost[state]! + fewer * breakColumn.cost + columns[extra]!.cost;
    if (withExtra < best.cost && mayChange(states, state, columns, extra, 1, breakIndex)) {
      best = { cost: withExtra, state, breakCount: fewer, extra, change: 1 };
    }
  };
  complete(live[0]!);

  const core = columns
    .map((column, j) => ({ j, reducedCost: column.cost - price * column.value }))
    .filter(({ j }) => j !== breakIndex)
    .sort((a, b) => Math.abs(a.reducedCost) - Math.abs(b.reducedCost));
  let dropped = Number.POSITIVE_INFINITY;
  for (const { j, reducedCost } of core) {
    if (best.cost <= lowerBound * (1 + 1e-12)) break;
    if (Math.abs(reducedCost) > best.cost * (1 - 1e-12) - relaxation.lowerBound) break;
    const column = columns[j]!;
    const sign = j < breakIndex ? -1 : 1;
    const next: number[] = [];
    for (const state of live) {
      let value = states.value[state]!;
      let cost = states.cost[state]!;
      next.push(state);
      for (let k = 1; k <= column.max; k++) {
        value += sign * column.value;
        cost += sign * column.cost;
        if (cost + price * (need - value) >= best.cost * (1 - 1e-12)) break;
        // Beyond the demand more of it only helps where something before the break item can go in exchange.
        if (breakIndex === 0 && value - column.value >= need) break;
        const grown = states.add(value, cost, state, j, sign * k);
        complete(grown);
        next.push(grown);
      }
      if (states.value.length > maxStates) break;
    }
    if (states.value.length > maxStates) {
      dropped = lowerBound;
      break;
    }
    live = undominated(states, next, need, price, best.cost);
  }
  const proven = dropped === Number.POSITIVE_INFINITY || best.cost <= dropped * (1 + 1e-12);
  return { counts: recover(columns, states, best, breakIndex), lowerBound: proven ? best.cost : dropped, proven };
}

/** Keeps the states that no other beats in both value and cost and whose bound is still below the best. */
function undominated(states: States, candidates: number[], need: number, price: number, best: number): number[] {
  const promising = candidates.filter((s) => states.cost[s]! + price * (need - states.value[s]!) < best * (1 - 1e-12));
  promising.sort((a, b) => states.value[b]! - states.value[a]! || states.cost[a]! - states.cost[b]!);
  const kept: number[] = [];
  let cheapest = Number.POSITIVE_INFINITY;
  for (const s of promising) {
    if (states.cost[s]! >= cheapest) continue;
    cheapest = states.cost[s]!;
    kept.push(s);
  }
  return kept;
}

interface Completion {
  cost: number;
  state: number;
  breakCount: number;
  /** One more (or less) of this column than the state has; -1 for none. */
  extra: number;
  change: number;
}

/** Whether a state leaves room for one more or one less of a column. */
function mayChange(
  states: States,
  state: number,
  columns: readonly Column[],
  column: number,
  change: number,
  breakIndex: number,
): boolean {
  let count = column < breakIndex ? columns[column]!.max : 0;
  for (let s = state; states.parent[s]! >= 0; s = states.parent[s]!) {
    if (states.column[s] === column) count += states.change[s]!;
  }
  return count + change >= 0 && count + change <= columns[column]!.max;
}

function recover(columns: readonly Column[], states: States, best: Completion, breakIndex: number): number[] {
  const counts = columns.map((column, j) => (j < breakIndex ? column.max : 0));
  counts[breakIndex] = best.breakCount;
  if (best.extra >= 0) counts[best.extra]! += best.change;
  for (let s = best.state; states.parent[s]! >= 0; s = states.parent[s]!) {
    counts[states.column[s]!]! += states.change[s]!;
  }
  return counts;
}
