import { parentPort } from 'node:worker_threads';
import { simulateScenario } from '../simulator/scenario/simulate-scenario.ts';
import type { Scenario } from '../simulator/scenario/types.ts';

/** Runs one scenario per message; see scenarios.ts. */
parentPort?.on('message', ({ index, scenario }: { index: number; scenario: Scenario }) => {
  parentPort?.postMessage({ index, result: simulateScenario(scenario) });
});
