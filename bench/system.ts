import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocal } from '../test/support/local-process.ts';
import type { Bench } from './row.ts';

/** Idle is idle only after start-up's garbage is gone. */
const settleMs = 10_000;
const bareRuns = 5;

/** The whole system as `npm start` runs it: two geographies, no request; start time and memory. */
export const bench: Bench = async ({ quick, onProgress }) => {
  const folder = mkdtempSync(join(tmpdir(), 'oaas-bench-'));
  try {
    onProgress?.('starting the whole system');
    const startedMs = performance.now();
    const system = await startLocal(['--data', folder, '--memory']);
    const readyMs = performance.now() - startedMs;
    onProgress?.('waiting for it to settle');
    await new Promise((resolve) => setTimeout(resolve, quick ? 500 : settleMs));
    const pids = system.processes();
    const memory = pids.map(memoryOf);
    const pssMiB = memory.reduce((sum, m) => sum + m.pssMiB, 0);
    const rssMiB = memory.reduce((sum, m) => sum + m.rssMiB, 0);
    const stoppingMs = performance.now();
    system.child.kill('SIGINT');
    await system.exited;
    const stopMs = performance.now() - stoppingMs;
    const bareMs = await bareNodeMs();
    const parts = `${pids.length} processes: two regions with scaler, database, one machine each with its agent`;
    return [
      {
        name: 'start to every region with a ready machine',
        value: readyMs / 1000,
        unit: 's',
        bar: { atMost: 10 },
        note: `a bare node -e 0 takes ${bareMs.toFixed(0)} ms here; 1 s of it is the boot time of the machine`,
      },
      {
        name: 'memory of the whole idle system, shared pages counted once (PSS)',
        value: pssMiB,
        unit: 'MiB',
        bar: { atMost: 600 },
        note: parts,
      },
      {
        name: 'the same, shared pages counted in each process (RSS)',
        value: rssMiB,
        unit: 'MiB',
        bar: { atMost: 600 },
      },
      { name: 'Ctrl-C to everything stopped', value: stopMs / 1000, unit: 's', bar: { atMost: 5 } },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Linux: the kernel's own figures; elsewhere unknown counts as zero and the note says so. */
function memoryOf(pid: number): { pssMiB: number; rssMiB: number } {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const kiB = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0);
    return { pssMiB: kiB('Pss') / 1024, rssMiB: kiB('Rss') / 1024 };
  } catch {
    return { pssMiB: 0, rssMiB: 0 };
  }
}

async function bareNodeMs(): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < bareRuns; i++) {
    const startedMs = performance.now();
    await new Promise((resolve) => spawn(process.execPath, ['-e', '0']).once('exit', resolve));
    best = Math.min(best, performance.now() - startedMs);
  }
  return best;
}
