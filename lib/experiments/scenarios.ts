import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Scenario, ScenarioResult } from '../simulator/scenario/types.ts';

/** One scenario to simulate. */
export interface Job {
  scenario: Scenario;
  /** The planner aims at this share of the SLA's target (1 when absent); attainment is judged on the target itself. */
  planForShare?: number;
}

/** Answers of a worker: see scenario-worker.ts. */
interface Done {
  index: number;
  result: ScenarioResult;
}

/**
 * Simulates scenarios on the machine's cores (four at most), the long ones first; results are in the order given. A failing
 * scenario ends them all.
 */
export async function runJobs(
  jobs: readonly Job[],
  onProgress: (done: number, total: number) => void = () => {},
): Promise<ScenarioResult[]> {
  const results = new Array<ScenarioResult>(jobs.length);
  const order = jobs.map((_, i) => i).sort((a, b) => cost(jobs[b]!.scenario) - cost(jobs[a]!.scenario));
  let done = 0;
  const workers = Array.from({ length: Math.min(availableParallelism(), 4, jobs.length) }, newWorker);
  try {
    await Promise.all(
      workers.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            const next = () => {
              const index = order.shift();
              if (index === undefined) resolve();
              else worker.postMessage({ index, job: jobs[index]! });
            };
            worker.on('error', reject);
            worker.on('message', ({ index, result }: Done) => {
              results[index] = result;
              done += 1;
              onProgress(done, jobs.length);
              next();
            });
            next();
          }),
      ),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results;
}

function newWorker(): Worker {
  // A worker does not inherit the TypeScript loader, and `--import tsx` is not enough for its first file: it registers it itself.
  const loader = import.meta.resolve('tsx/esm/api');
  const source = new URL('./scenario-worker.ts', import.meta.url).href;
  const code = `import('${loader}').then(({ register }) => { register(); return import('${source}'); });`;
  return new Worker(code, { eval: true });
}

const cost = (s: Scenario) =>
  (s.replications ?? 1) * (s.slotS ?? 600) * s.slots.reduce((sum, slot) => sum + slot.arrivalRatePerS, 0);

/** `runJobs` for scenarios planned for their targets. */
export const runScenarios = (scenarios: readonly Scenario[], onProgress?: (done: number, total: number) => void) =>
  runJobs(
    scenarios.map((scenario) => ({ scenario })),
    onProgress,
  );
