import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { statusResponseSchema } from '../../lib/ports/contracts/operator.ts';
import { type SystemFile, systemFileSchema } from '../../lib/ports/contracts/system-file.ts';

export const launcher = fileURLToPath(new URL('../../bin/oaas.js', import.meta.url));

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'oaas-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs a command to its end. */
export function oaas(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
  // Not at its exit, when output may still be on its way.
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...text })));
}

export interface StartedSystem {
  file: SystemFile;
  child: ChildProcess;
  endpoint: string;
  /** The main process and everything below it. */
  processes(): number[];
  status(): Promise<ReturnType<typeof statusResponseSchema.parse>['scaling']>;
  post(path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
  exited: Promise<number | null>;
}

/**
 * `oaas start --json` with these arguments, up and with a first machine that takes work in every region. The command itself waits for
 * one for a few seconds only, which a busy machine may need for a boot; here the hook's or test's time-out is the limit.
 *
 * @param options.machines false where the arguments leave nothing to rent at first
 * @throws Error with its output when it ends before
 */
export async function startLocal(
  args: readonly string[],
  options: { machines?: boolean } = {},
): Promise<StartedSystem> {
  const child = spawn(process.execPath, [launcher, 'start', '--json', '--port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  // What a failed test leaves running would slow the next ones down.
  const orphanless = () => child.kill('SIGKILL');
  process.once('exit', orphanless);
  void exited.then(() => process.removeListener('exit', orphanless));
  const file = await new Promise<SystemFile>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.trimEnd().endsWith('\n}')) resolve(systemFileSchema.parse(JSON.parse(output)));
    });
    void exited.then((code) => reject(new Error(`oaas start ended with ${code}: ${errors}${output}`)));
  });
  const endpoint = file.regions[0]!.endpoint;
  const statusOf = async (region: string) => {
    const response = await fetch(`${region}/v1/status`, { headers: { authorization: `Bearer ${file.keys.admin}` } });
    return statusResponseSchema.parse(await response.json()).scaling;
  };
  for (const region of options.machines === false ? [] : file.regions) {
    await Promise.race([
      until(async () => (await statusOf(region.endpoint)).pools.some((pool) => pool.vms.ready > 0)),
      exited.then((code) => Promise.reject(new Error(`oaas start ended with ${code}: ${errors}${output}`))),
    ]);
  }
  return {
    file,
    child,
    endpoint,
    exited,
    processes: () => [file.pid, ...descendants(file.pid)],
    status: () => statusOf(endpoint),
    async post(path, body) {
      const response = await fetch(`${endpoint}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${file.keys.device}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}

function descendants(root: number): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const found: number[] = [];
  const below = (parent: number): void => {
    for (const [pid, ppid] of table) {
      if (ppid !== parent) continue;
      found.push(pid);
      below(pid);
    }
  };
  below(root);
  return found;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie waits for its parent only; of one that has ended since, ps finds nothing and says so by its exit code.
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

/** Looks again and again until the condition holds; the test's own time-out is the limit. */
export async function until<T>(
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
