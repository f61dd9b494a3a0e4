import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { CliError } from '../cli/errors.ts';
import { buildEntry } from './build-entry.ts';

export interface DynaliteChild {
  endpoint: string;
  pid: number;
  /** Resolves when it ended, with how; only `stop` ends it on purpose. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

const readyWithinMs = 10_000;
const stopWithinMs = 3_000;

/** Starts the embedded DynamoDB in its own process; it ends when this one does. @param folder null: in memory only */
export async function startDynaliteChild(folder: string | null): Promise<DynaliteChild> {
  const file = await buildEntry('dynalite-process', 'lib/adapters/local/dynalite-process.ts');
  const args = folder === null ? [] : ['--path', join(folder, 'dynamodb')];
  const child = spawn(process.execPath, ['--max-old-space-size=256', file, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    detached: true,
  });
  let trouble = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    trouble = (trouble + chunk.toString()).slice(-2_000);
  });
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
    child.once('error', (error) => resolve(error.message));
  });
  const endpoint = await Promise.race([
    firstMessage(child),
    exited.then((how) =>
      Promise.reject(new CliError(`the embedded DynamoDB ended at start (${how}): ${trouble.trim()}`)),
    ),
    later(readyWithinMs, () => new CliError(`the embedded DynamoDB was not ready within ${readyWithinMs / 1000} s`)),
  ]);
  return {
    endpoint,
    pid: child.pid ?? 0,
    exited,
    async stop() {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

async function firstMessage(child: ChildProcess): Promise<string> {
  const message = await new Promise<unknown>((resolve) => child.once('message', resolve));
  const { type, endpoint, message: reason } = message as { type?: string; endpoint?: string; message?: string };
  if (type === 'ready' && endpoint !== undefined) return endpoint;
  throw new CliError(`the embedded DynamoDB could not start: ${reason ?? 'no reason given'}`);
}

function later(ms: number, error: () => Error): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(error()), ms).unref();
  });
}
