import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

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
const VENV = path('../../.venv/ciw');
const PYTHON = `${VENV}/bin/python`;
const REQUIREMENTS = path('requirements.txt');

/**
 * Runs cases in Ciw, which is installed on first use into `.venv/ciw` from pinned, hashed packages. Needs `python3` 3.11 or newer on the
 * PATH and, the first time, the package index.
 */
export async function runCiw(cases: readonly CiwCase[]): Promise<CiwResult[]> {
  await install();
  return JSON.parse(await run(PYTHON, [path('run.py')], JSON.stringify(cases))) as CiwResult[];
}

async function install(): Promise<void> {
  const stamp = `${VENV}/installed`;
  const wanted = await readFile(REQUIREMENTS, 'utf8');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return;
  await run('python3', ['-m', 'venv', '--clear', VENV]);
  await run(PYTHON, [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--require-hashes',
    '-r',
    REQUIREMENTS,
  ]);
  await writeFile(stamp, wanted);
}

async function run(command: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr.trim()}`);
  return stdout;
}
