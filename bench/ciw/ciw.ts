import { fileURLToPath } from 'node:url';
import { pythonVenv, runPython } from '../venv.ts';

/** A pool for Ciw: one VM, or several under join-the-shortest-queue. */
export interface CiwCase {
  vms: { coreRatePerS: number; cores: number; sharingLimit: number }[];
  arrivalRatePerS: number;
  demand: { distribution: 'exponential' | 'deterministic' } | { distribution: 'lognormal'; scv: number };
  requests: number;
  warmup: number;
  replications: number;
  seed: number;
}

/** Means, one per replication, and Ciw's speed in requests per second of processor time. */
export interface CiwResult {
  responseS: number[];
  waitingS: number[];
  serviceS: number[];
  jobsPerS: number;
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/**
 * Runs cases in Ciw, which is installed on first use into `.venv/ciw` from pinned, hashed packages. Needs `python3` 3.11 or newer on the
 * PATH and, the first time, the package index.
 */
export async function runCiw(cases: readonly CiwCase[]): Promise<CiwResult[]> {
  const python = await pythonVenv('ciw', path('requirements.txt'));
  return JSON.parse(await runPython(python, [path('run.py')], { input: JSON.stringify(cases) })) as CiwResult[];
}
