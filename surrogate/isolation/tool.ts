import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { CpuHold } from './cpu-hold.ts';
import { signal } from './proc.ts';
import { launcher, shellLimits } from './sandbox.ts';
import type { Isolation, RuntimeCommand, SandboxSpec } from './types.ts';

/** Runs a command inside a sandbox and keeps what it writes to standard output: answers null, or what went wrong. */
export type ToolRunner = (job: {
  command: RuntimeCommand;
  spec: SandboxSpec;
  /** Written as a whole; there is no such file when the job failed. */
  outFile: string;
  maxBytes: number;
  deadlineMs: number;
}) => Promise<string | null>;

/** Far above the slots that tasks use; tools run one after the other in it. */
const toolSlot = 500;
const maxProcesses = 128;
const saidBytes = 1_000;

/**
 * Work on a bundle before its first sandbox (translating, archiving classes) is work on what a stranger sent: it is shut in and held to
 * the VM's cores like a task.
 *
 * @param marker names the process for the sweep of a later agent
 */
export function createToolRunner(options: {
  isolation: Isolation;
  hold: CpuHold;
  coreSpeed: number;
  firstUid: number;
  marker: (slotIndex: number) => { name: string; value: string };
}): ToolRunner {
  let last: Promise<unknown> = Promise.resolve();
  return (job) => {
    const done = last.then(() => runTool(options, job));
    last = done;
    return done;
  };
}

async function runTool(
  { isolation, hold, coreSpeed, firstUid, marker }: Parameters<typeof createToolRunner>[0],
  { command, spec, outFile, maxBytes, deadlineMs }: Parameters<ToolRunner>[0],
): Promise<string | null> {
  const slot = { index: toolSlot, uid: firstUid + toolSlot };
  const limits = {
    cores: coreSpeed * spec.parallelism,
    memoryMiB: spec.memoryMiB + (command.overheadMiB ?? 64),
    processes: maxProcesses,
  };
  const joinFiles = await hold.open(toolSlot, limits);
  const { argv, env, cwd } = isolation.wrap(slot, spec, command);
  const { name, value } = marker(toolSlot);
  const child = spawn('/bin/sh', ['-c', launcher(joinFiles, shellLimits(limits, isolation)), 'sh', ...argv], {
    cwd,
    env: { ...env, [name]: value },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid !== undefined) hold.attach(toolSlot, child.pid, limits);
  let why: string | null = null;
  const end = (reason: string) => {
    why ??= reason;
    if (child.pid !== undefined) signal(-child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => end(`it took longer than ${deadlineMs / 1000} s`), deadlineMs);
  let bytes = 0;
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) end(`it wrote more than ${maxBytes} bytes`);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-saidBytes);
  });
  const partial = `${outFile}.partial`;
  const file = createWriteStream(partial, { mode: 0o644 });
  const written = new Promise<void>((resolve) => {
    file.once('error', (error) => {
      end(error.message);
      resolve();
    });
    file.once('close', resolve);
  });
  child.stdout.pipe(file);
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      end(error.message);
      file.destroy();
      resolve(null);
    });
    child.once('close', resolve);
  });
  await written;
  clearTimeout(timer);
  if (child.pid !== undefined) signal(-child.pid, 'SIGKILL');
  await hold.empty(toolSlot);
  await isolation.clean(slot);
  if (code !== 0) why ??= `it ended with ${code ?? 'a signal'}`;
  if (why === null) {
    await rename(partial, outFile);
    return null;
  }
  await rm(partial, { force: true });
  return said.trim() === '' ? why : `${why}: ${said.trim()}`;
}
