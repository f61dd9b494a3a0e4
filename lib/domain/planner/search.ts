/**
 * The cheapest fleet by branch and bound over the queueing model.
 *
 * A linear program over the cuts (cuts.ts) and the limits bounds the cost from below; its whole-numbered points are checked against
 * the model. Nodes are taken in the order of their bound, so that the first point that keeps the promise is the cheapest, and when the work
 * budget ends the best node's bound is a bound for the whole problem.
 */
import { addCuts, type Columns, columnsOf, countsOf, limitRows, rowOf } from './columns.ts';
import { type CutsAt, cutsFor, levelAlternatives } from './cuts.ts';
import type { Evaluator } from './evaluate.ts';
import { Heap } from './heap.ts';
import { alone, firstFleets, improve } from './incumbent.ts';
import { brokenLimits, type Counts, fleetCostUsd, fleetRankUsd, type Instance } from './instance.ts';
import type { Solution } from './linear.ts';
import { addRow, copyLp, createLp, type Lp, lpPoint, type Row, setBounds, solveLp } from './lp.ts';

/** When to stop proving. */
export interface Budget {
  /** True once the search has to end with what it has; with `share`, once that part of the budget is gone. */
  spent(share?: number): boolean;
  /** Counts the work of a linear program. */
  charge(lp: Lp): void;
}

interface Node {
  lp: Lp;
  bound: number;
}

const whole = 1e-6;
const closed = 1e-9;

/** @returns null when no fleet keeps the promise within the limits */
export function searchFleet(instance: Instance, evaluator: Evaluator, budget: Budget): Solution | null {
  const acceptable = (counts: Counts) => brokenLimits(instance, counts).length === 0 && evaluator.meets(counts);
  const columns = columnsOf(instance);
  if (columns.offers.length === 0) {
    const none = instance.offers.map(() => 0);
    return acceptable(none) ? { counts: none, lowerBoundUsd: 0, proven: true } : null;
  }
  if (columns.active.length === 1) {
    const counts = alone(instance, columns.active[0]!, evaluator);
    if (counts === null || brokenLimits(instance, counts).length > 0) return null;
    return { counts, lowerBoundUsd: fleetCostUsd(instance, counts), proven: true };
  }
  const cutsAt = cutsFor(instance, columns.active);
  const common = relaxationOf(instance, columns, cutsAt);
  const roots = common === null ? [] : rootsOf(instance, columns, common, budget);
  if (common === null || roots.length === 0) return null;
  let best: { counts: Counts; cost: number } | null = null;
  const offer = (counts: Counts): boolean => {
    const cost = fleetRankUsd(instance, counts);
    if (best !== null && cost >= best.cost * (1 - 1e-12)) return false;
    if (!acceptable(counts)) return false;
    best = { counts: [...counts], cost };
    return true;
  };
  const limit = () => (best === null ? Number.POSITIVE_INFINITY : best.cost * (1 - closed));

  for (const counts of firstFleets(
    instance,
    columns,
    [common, ...roots.slice(0, 3)],
    cutsAt,
    evaluator,
    acceptable,
    budget,
  ))
    offer(counts);
  const found = best as { counts: Counts } | null;
  if (found !== null) improve(instance, columns, found.counts, offer, budget);
  for (const root of roots) fixByReducedCost(root, columns, limit());

  const open = new Heap<Node>((a, b) => a.bound - b.bound);
  const push = (lp: Lp, possible = true) => {
    budget.charge(lp);
    if (possible && lp.objective < limit()) open.push({ lp, bound: lp.objective });
  };
  for (const root of roots) push(root);
  let lowerBound = Number.NEGATIVE_INFINITY;
  let proven = true;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.bound >= limit()) break;
    lowerBound = Math.max(lowerBound, node.bound);
    if (budget.spent()) {
      proven = false;
      break;
    }
    const point = lpPoint(node.lp, columns.offers.length);
    const fractional = mostFractional(point);
    if (fractional >= 0) {
      const floor = Math.floor(point[fractional]!);
      branch(node.lp, fractional, node.lp.lower[fractional]!, floor, push);
      branch(node.lp, fractional, floor + 1, node.lp.upper[fractional]!, push);
      continue;
    }
    const rounded = point.map(Math.round);
    const counts = countsOf(instance, columns, rounded);
    if (evaluator.meets(counts) && brokenLimits(instance, counts).length === 0) offer(counts);
    else exclude(node.lp, rounded, push);
  }
  if (best === null) return proven ? null : { counts: [], lowerBoundUsd: Math.max(0, lowerBound), proven: false };
  const { counts } = best as { counts: Counts };
  const cost = fleetCostUsd(instance, counts);
  return { counts, lowerBoundUsd: proven ? cost : Math.min(cost, Math.max(0, lowerBound)), proven };
}

/** The cuts and the limits; null when they alone rule out every fleet. */
function relaxationOf(instance: Instance, columns: Columns, cutsAt: CutsAt): Lp | null {
  const lp = createLp(
    columns.cost,
    columns.cost.map(() => 0),
    columns.max,
  );
  addCuts(lp, columns, cutsAt(1));
  for (const row of limitRows(instance, columns)) addRow(lp, row);
  return solveLp(lp) ? lp : null;
}

/** Splits of the root over the level alternatives. */
const mostRootSplits = 40;
/** And the part of the budget that they may take. */
const rootShare = 0.25;

/** Relaxations of which at least one holds for every fleet that keeps the promise; none when no fleet can. */
function rootsOf(instance: Instance, columns: Columns, common: Lp, budget: Budget): Lp[] {
  const alternatives = levelAlternatives(instance, columns.active).map((pair) =>
    pair.map((side) => side.map((cut) => rowOf(columns, cut))),
  );
  const roots = new Heap<Lp>((a, b) => a.objective - b.objective);
  roots.push(common);
  for (let split = 0; split < mostRootSplits && !budget.spent(rootShare); split++) {
    const cheapest = roots.pop();
    if (cheapest === undefined) return [];
    const violated = mostViolated(alternatives, lpPoint(cheapest, columns.offers.length));
    if (violated === undefined) {
      roots.push(cheapest);
      break;
    }
    for (const side of violated) {
      const root = copyLp(cheapest);
      for (const row of side) addRow(root, row);
      const possible = solveLp(root);
      budget.charge(root);
      if (possible) roots.push(root);
    }
  }
  const all: Lp[] = [];
  for (let root = roots.pop(); root !== undefined; root = roots.pop()) all.push(root);
  return all;
}

/** The alternative whose both sides a point misses by most. */
function mostViolated(alternatives: readonly Row[][][], point: readonly number[]): Row[][] | undefined {
  let violated: Row[][] | undefined;
  let most = 1e-7;
  for (const pair of alternatives) {
    const short = Math.min(...pair.map((side) => Math.max(...side.map((row) => shortOf(row, point)))));
    if (short > most) {
      most = short;
      violated = pair;
    }
  }
  return violated;
}

/** Relative shortfall of a point against a row; negative when it has something to spare. */
function shortOf({ coefficients, atLeast }: Row, point: readonly number[]): number {
  let sum = 0;
  for (let j = 0; j < point.length; j++) sum += coefficients[j]! * point[j]!;
  return 1 - sum / atLeast;
}

/** A column whose reduced cost alone closes the gap stays where it is. */
function fixByReducedCost(lp: Lp, columns: Columns, limit: number): void {
  const gap = limit - lp.objective;
  lp.nonbasic.forEach((variable, k) => {
    if (variable >= columns.offers.length) return;
    const moves = Math.floor(gap / Math.abs(lp.reduced[k]!));
    if (!Number.isFinite(moves)) return;
    const rest = lp.resting[k]!;
    if (lp.reduced[k]! > 0) lp.upper[variable] = Math.min(lp.upper[variable]!, rest + Math.max(0, moves));
    else lp.lower[variable] = Math.max(lp.lower[variable]!, rest - Math.max(0, moves));
  });
}

function mostFractional(point: readonly number[]): number {
  let best = -1;
  let most = whole;
  point.forEach((value, j) => {
    const distance = Math.abs(value - Math.round(value));
    if (distance > most) {
      most = distance;
      best = j;
    }
  });
  return best;
}

function branch(
  parent: Lp,
  variable: number,
  lower: number,
  upper: number,
  push: (lp: Lp, possible: boolean) => void,
): void {
  if (lower > upper) return;
  const lp = copyLp(parent);
  setBounds(lp, variable, lower, upper);
  push(lp, solveLp(lp));
}

/** Splits a node's box around one point that the model refuses: child by child, everything but the point. */
function exclude(parent: Lp, point: readonly number[], push: (lp: Lp, possible: boolean) => void): void {
  const rest = copyLp(parent);
  point.forEach((value, j) => {
    const lower = rest.lower[j]!;
    const upper = rest.upper[j]!;
    if (lower === upper) return;
    branch(rest, j, value + 1, upper, push);
    branch(rest, j, lower, value - 1, push);
    setBounds(rest, j, value, value);
  });
}
