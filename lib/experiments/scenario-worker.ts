import { parentPort } from 'node:worker_threads';
import { plan } from '../domain/planner/plan.ts';
import type { PlanProblem } from '../domain/planner/types.ts';
import { runScenario } from '../simulator/scenario/run-scenario.ts';
import type { Job } from './scenarios.ts';

/** Runs one scenario per message; see scenarios.ts. */
parentPort?.on('message', ({ index, job }: { index: number; job: Job }) => {
  parentPort?.postMessage({ index, result: runScenario(job.scenario, { plan: planner(job.planForShare ?? 1) }) });
});

/** The product's planner, asked for a share of the target: what is left is the reserve against chance and the model's error. */
function planner(share: number): typeof plan {
  return (problem: PlanProblem, ...rest) =>
    plan({ ...problem, sla: { ...problem.sla, targetS: share * problem.sla.targetS } }, ...rest);
}
