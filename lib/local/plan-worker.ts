/** Thread entry: plans fleets beside the thread that answers devices, which a hard problem would otherwise hold up for 0.1 s. */
import { parentPort } from 'node:worker_threads';
import { plan } from '../domain/planner/plan.ts';
import type { PlanProblem } from '../domain/planner/types.ts';

const timeLimitMs = 400;

/** What the thread is sent. */
export interface PlanRequest {
  id: number;
  problem: PlanProblem;
  workLimitMs?: number | undefined;
}

parentPort?.on('message', ({ id, problem, workLimitMs }: PlanRequest) => {
  try {
    const limitMs = Math.min(timeLimitMs, workLimitMs ?? timeLimitMs);
    const result = plan(problem, { now: () => performance.now(), timeLimitMs: limitMs });
    parentPort?.postMessage({ id, result });
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
