import type { Payload } from '../../lib/ports/contracts/payload.ts';
import type { TaskTimings } from '../../lib/ports/contracts/wire.ts';
import type { CpuAccounting } from '../accounting.ts';
import type { Place } from '../admission.ts';
import type { InstalledApp } from '../bundles.ts';
import { ProblemError } from '../http/problems.ts';
import type { SandboxPool } from '../isolation/pool.ts';
import type { Sandbox } from '../isolation/sandbox.ts';
import type { SandboxFailure, SandboxSpec } from '../isolation/types.ts';
import type { LiveTask, TaskTable } from './task-table.ts';

interface Context {
  pool: SandboxPool;
  tasks: TaskTable;
  accounting: CpuAccounting;
  /** CPU that the run of a sandbox was credited with, read again when the sandbox is gone. */
  taskCpuMs: WeakMap<Sandbox, number>;
}

export interface Execution {
  taskId: string;
  requestId: string;
  app: InstalledApp;
  method: string;
  /** The JSON bytes of the request, passed to the runner as they came. */
  body: Buffer;
  place: Place;
  /** Monotonic, when the request's headers had arrived. */
  arrivedMs: number;
  /** From arrival. */
  deadlineMs: number;
  /** Aborted when nobody waits for the result any more. */
  signal: AbortSignal;
}

export interface Executed {
  result: Payload;
  state: Payload | undefined;
  timings: TaskTimings;
}

export function specOf(app: InstalledApp): SandboxSpec {
  const { manifest, digest, code } = app;
  return {
    digest,
    runtime: manifest.runtime,
    appDir: code.directory,
    entry: code.entry,
    ...(manifest.java === undefined ? {} : { java: manifest.java }),
    memoryMiB: manifest.requirements.memoryMiB,
    parallelism: Math.max(...Object.values(manifest.methods).map((method) => method.parallelism)),
  };
}

/**
 * Waits for one of the N places, takes a prepared sandbox, runs the method in it.
 *
 * @throws ProblemError for every other end: `deadline-exceeded`, `task-failed`, `task-killed`. The place is given back in any case,
 *   when the sandbox can no longer use CPU.
 */
export function execute(context: Context, execution: Execution): Promise<Executed> {
  return new Promise((resolve, reject) => {
    const { place, arrivedMs, app } = execution;
    let sandbox: Sandbox | null = null;
    let grantedMs = 0;
    let settled = false;

    const settle = (finish: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      execution.signal.removeEventListener('abort', onAbort);
      context.tasks.remove(execution.taskId);
      finish();
    };
    const end = () => {
      sandbox?.kill({ kind: 'killed', detail: 'finished' });
      place.release();
      context.pool.answered();
    };
    const fail = (error: ProblemError) =>
      settle(() => {
        end();
        reject(error);
      });
    const cancel = (detail: string) => fail(new ProblemError('task-killed', `the task was ended: ${detail}`));
    const onAbort = () => cancel('its client went away');

    const remainingMs = execution.deadlineMs - (performance.now() - arrivedMs);
    const deadline = setTimeout(
      () => {
        const where = place.state === 'running' ? 'while it ran' : 'while it waited for a place';
        fail(new ProblemError('deadline-exceeded', `the deadline of ${execution.deadlineMs} ms passed ${where}`));
      },
      Math.max(0, remainingMs),
    );
    if (execution.signal.aborted) {
      onAbort();
      return;
    }
    execution.signal.addEventListener('abort', onAbort);

    const task: LiveTask = {
      taskId: execution.taskId,
      requestId: execution.requestId,
      appId: app.manifest.id,
      method: execution.method,
      arrivedMs,
      sandbox: null,
      cancel,
    };
    context.tasks.add(task);

    place.whenRunning(() => {
      grantedMs = performance.now();
      context.pool.acquire(specOf(app), (acquired) => {
        if (!acquired.ok) {
          fail(problemOf(acquired.failure));
          return;
        }
        if (settled) {
          context.pool.giveBack(acquired.sandbox);
          return;
        }
        sandbox = acquired.sandbox;
        task.sandbox = sandbox;
        const running = sandbox;
        void running.run(execution.body).then((outcome) => {
          context.accounting.ran(app.digest, outcome.cpuMs);
          context.taskCpuMs.set(running, outcome.cpuMs);
          if (!outcome.ok) {
            fail(problemOf(outcome.failure));
            return;
          }
          const endMs = performance.now();
          const timings = {
            queueMs: round(grantedMs - arrivedMs),
            cloudMs: round(endMs - grantedMs),
            totalMs: round(endMs - arrivedMs),
            cpuMs: round(outcome.cpuMs),
            prepCpuMs: round(running.prepCpuMs),
            handoffMs: 0,
          };
          settle(() => {
            resolve({ result: outcome.result, state: outcome.state, timings });
            // The sandbox only waits for its end now: taking its memory apart may wait until the answer is on its way.
            setImmediate(end);
          });
        });
      });
    });
  });
}

function problemOf(failure: SandboxFailure): ProblemError {
  switch (failure.kind) {
    case 'app-error':
      return new ProblemError('task-failed', `the app threw: ${failure.detail}`);
    case 'load-error':
      return new ProblemError('task-failed', `the app could not be loaded: ${failure.detail}`);
    case 'output-cap':
      return new ProblemError('task-killed', `the task was ended: ${failure.detail}`);
    case 'died':
    case 'killed':
      return new ProblemError('task-killed', `the task ended without a result: ${failure.detail}`);
  }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;
