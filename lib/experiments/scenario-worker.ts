import { parentPort } from 'node:worker_threads';
import { runScenario } from '../simulator/scenario/run-scenario.ts';
import type { Scenario } from '../simulator/scenario/types.ts';

/** Runs one scenario per message; see scenarios.ts. */
parentPort?.on('message', ({ index, scenario }: { index: number; scenario: Scenario }) => {
  parentPort?.postMessage({ index, result: runScenario(scenario) });
});
