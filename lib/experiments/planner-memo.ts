import { plan } from '../domain/planner/plan.ts';
import type { PlanProblem, PlanResult } from '../domain/planner/types.ts';

/** Rates are rounded up to the next step of this size, so that a plan may serve for all rates in a step. */
const STEP = 1.002;

/**
 * The product's planner for pools of one type that are billed by the second: then the fleet depends on the rate alone, not on what runs
 * already, and thousands of slots ask the same few hundred questions.
 *
 * @param share of the target to plan for; what is left is the reserve against chance and the model's error
 */
export function memoPlanner(share: number): typeof plan {
  return (problem: PlanProblem, ...rest): PlanResult => {
    const sla = { ...problem.sla, targetS: share * problem.sla.targetS };
    if (problem.offers.length !== 1 || problem.billing === 'hourly' || problem.arrivalRatePerS === 0) {
      return plan({ ...problem, sla }, ...rest);
    }
    const arrivalRatePerS = STEP ** Math.ceil(Math.log(problem.arrivalRatePerS) / Math.log(STEP) - 1e-9);
    const question = { ...problem, sla, arrivalRatePerS, current: [] };
    const key = JSON.stringify(question);
    let answer = memo.get(key);
    if (answer === undefined) {
      answer = plan(question, ...rest);
      memo.set(key, answer);
    }
    return answer;
  };
}

const memo = new Map<string, PlanResult>();
