/** Thread entry: plans fleets beside the thread that answers devices, which a hard problem would otherwise hold up for 0.1 s. */
import { parentPort } from 'node:worker_threads';
import { plan } from '../domain/planner/plan.ts';
import type { PlanProblem } from '../domain/planner/types.ts';

const timeLimitMs = 400;

parentPort?.on('message', ({ id, problem }: { id: number; problem: PlanProblem }) => {
  try {
    parentPort?.postMessage({ id, result: plan(problem, { now: () => performance.now(), timeLimitMs }) });
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
