import type { Policy } from '../queueing/types.ts';
import { actionsFor } from './actions.ts';
import { explainInfeasible } from './diagnosis.ts';
import { chooseDispatch, dispatchModes } from './dispatch-choice.ts';
import { Evaluator, type QueueModel } from './evaluate.ts';
import { type Counts, fleetCostUsd, fleetPriceUsdPerHour, type Instance, toInstance } from './instance.ts';
import { isLinear, type Solution, solveLinearWithinLimits } from './linear.ts';
import { productModel } from './queue-model.ts';
import { type Budget, searchFleet } from './search.ts';
import { runStrategy } from './strategies.ts';
import type { PlanMethod, PlanProblem, PlanResult, PlanStatus } from './types.ts';

export interface PlanOptions {
  /** The queueing model; the product's own when absent. */
  model?: QueueModel;
  /**
   * How long to search for a proof, in milliseconds of work on an ordinary machine, counted without a clock: the same answer
   * everywhere. Default 400; the best fleet found by then is returned with its gap.
   */
  workLimitMs?: number;
  /** A clock in milliseconds: then the wall time `timeLimitMs` (default 400) counts instead. */
  now?: () => number;
  timeLimitMs?: number;
}

/**
 * The cheapest set of VMs that keeps a response-time promise, or the fleet that one of the OaaS paper's methods arrives at.
 * Pure and deterministic. A problem without a solution is an answer (`infeasible` with a reason), not an error.
 *
 * @throws RangeError when the problem has no offers or names an unknown one (validated input never does)
 */
export function plan(problem: PlanProblem, options: PlanOptions = {}): PlanResult {
  assertUsable(problem);
  if (problem.policy !== 'auto') return planFor(problem, problem.policy ?? 'jsq', options);
  const modes = dispatchModes(problem);
  const plans = modes.map((m) => planFor({ ...problem, snapshotAgeS: m.snapshotAgeS }, m.policy, options));
  const { index, choice } = chooseDispatch(problem, modes, plans);
  return { ...plans[index]!, dispatch: choice };
}

function planFor(problem: PlanProblem, policy: Policy, options: PlanOptions): PlanResult {
  const method = problem.method ?? 'exact';
  const instance = toInstance(problem, policy);
  const evaluator = new Evaluator(instance, options.model ?? productModel);
  const bound = cheapest(instance, evaluator, method === 'exact' ? budgetOf(evaluator, options) : boundOnly);
  if (method === 'exact') {
    if (bound === null) return infeasible(instance, method, explain(instance, evaluator, options));
    if (bound.counts.length === 0)
      return infeasible(instance, method, 'no fleet found within the time limit; raise it');
    return result(instance, evaluator, method, bound.proven ? 'optimal' : 'timeLimit', bound);
  }
  const outcome = runStrategy(instance, evaluator, method);
  if ('reason' in outcome) return infeasible(instance, method, outcome.reason);
  const lowerBoundUsd = Math.min(bound?.lowerBoundUsd ?? 0, fleetCostUsd(instance, outcome.counts));
  return result(instance, evaluator, method, 'feasible', { counts: outcome.counts, lowerBoundUsd, proven: false });
}

function cheapest(instance: Instance, evaluator: Evaluator, budget: Budget): Solution | null {
  if (isLinear(instance)) {
    const solution = solveLinearWithinLimits(instance, evaluator);
    if (solution !== undefined) return solution;
  }
  return searchFleet(instance, evaluator, budget);
}

const msPerCell = 4e-6;

function budgetOf(evaluator: Evaluator, { now, timeLimitMs = 400, workLimitMs = 400 }: PlanOptions): Budget {
  const startMs = now?.() ?? 0;
  const startWorkMs = evaluator.workMs;
  const work = now === undefined ? workLimitMs : 10 * timeLimitMs;
  return {
    spent: (share = 1) =>
      evaluator.workMs > startWorkMs + share * work || (now !== undefined && now() > startMs + share * timeLimitMs),
    charge: (lp) => {
      evaluator.workMs += 0.01 + lp.cells * msPerCell;
      lp.cells = 0;
    },
  };
}

/** The paper's methods are shown beside a lower bound; the search for the cheapest fleet itself is not theirs. */
const boundOnly: Budget = { spent: () => true, charge: () => {} };

function explain(instance: Instance, evaluator: Evaluator, options: PlanOptions): string {
  const noLimits = {
    maxVms: Number.POSITIVE_INFINITY,
    maxUsdPerHour: Number.POSITIVE_INFINITY,
    minVms: 0,
    maxSpotShare: 1,
  };
  const unlimited = cheapest({ ...instance, limits: noLimits }, evaluator, budgetOf(evaluator, options));
  return explainInfeasible(instance, unlimited?.counts ?? null);
}

function result(
  instance: Instance,
  evaluator: Evaluator,
  method: PlanMethod,
  status: PlanStatus,
  solution: Solution,
): PlanResult {
  const { counts, lowerBoundUsd } = solution;
  const newUsdOverHorizon = fleetCostUsd(instance, counts);
  return {
    status,
    method,
    policy: instance.policy,
    fleet: fleetOf(instance, counts),
    actions: actionsFor(instance, counts),
    costUsdPerHour: fleetPriceUsdPerHour(instance, counts),
    newUsdOverHorizon,
    lowerBoundUsd,
    gapPct: gapPct(newUsdOverHorizon, lowerBoundUsd),
    predicted: { responseTimeS: evaluator.times(counts) },
    ...(instance.notes.length > 0 ? { notes: instance.notes } : {}),
  };
}

function gapPct(cost: number, bound: number): number | null {
  if (cost <= bound) return 0;
  return bound > 0 ? (100 * (cost - bound)) / bound : null;
}

function infeasible(instance: Instance, method: PlanMethod, reason: string): PlanResult {
  return {
    status: 'infeasible',
    method,
    policy: instance.policy,
    fleet: [],
    actions: [],
    costUsdPerHour: 0,
    newUsdOverHorizon: 0,
    lowerBoundUsd: 0,
    gapPct: null,
    predicted: { responseTimeS: { mean: null, p95: null, p99: null } },
    reason,
    ...(instance.notes.length > 0 ? { notes: instance.notes } : {}),
  };
}

const fleetOf = (instance: Instance, counts: Counts) =>
  counts.flatMap((count, i) => (count > 0 ? [{ offer: instance.offers[i]!.id, count }] : []));

function assertUsable(problem: PlanProblem): void {
  if (problem.offers.length === 0) throw new RangeError('plan: offers is empty; give at least one offer');
  const ids = new Set(problem.offers.map((o) => o.id));
  const stray = problem.current?.find((c) => !ids.has(c.offer));
  if (stray) throw new RangeError(`plan: current names the offer "${stray.offer}", which is not among the offers`);
}
