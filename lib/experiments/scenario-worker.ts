import { parentPort } from 'node:worker_threads';
import { runScenario } from '../simulator/scenario/run-scenario.ts';
import { memoPlanner } from './planner-memo.ts';
import type { Job } from './scenarios.ts';

/** Runs one scenario per message; see scenarios.ts. */
parentPort?.on('message', ({ index, job }: { index: number; job: Job }) => {
  parentPort?.postMessage({ index, result: runScenario(job.scenario, { plan: memoPlanner(job.planForShare ?? 1) }) });
});
