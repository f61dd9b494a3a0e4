import { randomUUID } from 'node:crypto';
import type { Payload } from '../../lib/ports/contracts/payload.ts';
import type { TaskTimings } from '../../lib/ports/contracts/wire.ts';
import type { CpuAccounting } from '../accounting.ts';
import type { Place } from '../admission.ts';
import type { InstalledApp } from '../bundles.ts';
import { ProblemError } from '../http/problems.ts';
import type { Dismantler } from '../isolation/dismantler.ts';
import type { SandboxPool } from '../isolation/pool.ts';
import type { Sandbox } from '../isolation/sandbox.ts';
import type { SandboxFailure, SandboxSpec } from '../isolation/types.ts';
import type { ClientPresence } from './client-presence.ts';
import type { LiveTask, TaskTable } from './task-table.ts';

interface Context {
  pool: SandboxPool;
  dismantler: Dismantler;
  tasks: TaskTable;
  accounting: CpuAccounting;
  /** CPU that the run of a sandbox was credited with, read again when the sandbox is gone. */
  taskCpuMs: WeakMap<Sandbox, number>;
}

export interface Execution {
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
  client: ClientPresence;
}

export interface Executed {
  taskId: string;
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
 * @throws ProblemError for every other end: `deadline-exceeded`, `task-failed`, `task-killed`. The place is given back in any case: with
 *   the answer, after which the runner only waits for its end, or when the sandbox is killed.
 */
export function execute(context: Context, execution: Execution): Promise<Executed> {
  return new Promise((resolve, reject) => {
    const { place, arrivedMs, app, client } = execution;
    const task: LiveTask = {
      taskId: '',
      requestId: execution.requestId,
      appId: app.manifest.id,
      method: execution.method,
      arrivedMs,
      sandbox: null,
      cancel,
    };
    let grantedMs = 0;
    let settled = false;
    let deadline: NodeJS.Timeout | undefined;
    let leavePool = () => {};

    function settle(finish: () => void): void {
      if (settled) return;
      settled = true;
      clearTimeout(deadline);
      leavePool();
      client.whenGone(null);
      context.tasks.remove(task.taskId);
      finish();
    }
    function end(): void {
      task.sandbox?.kill({ kind: 'killed', detail: 'finished' });
      place.release();
      context.pool.answered();
    }
    function fail(error: ProblemError): void {
      settle(() => {
        end();
        reject(error);
      });
    }
    function cancel(detail: string): void {
      fail(new ProblemError('task-killed', `the task was ended: ${detail}`));
    }
    const onGone = () => cancel('its client went away');
    if (client.gone) {
      onGone();
      return;
    }

    place.whenRunning(() => {
      grantedMs = performance.now();
      context.dismantler.begun();
      leavePool = context.pool.acquire(specOf(app), (acquired) => {
        if (!acquired.ok) {
          fail(problemOf(acquired.failure));
          return;
        }
        const running = acquired.sandbox;
        task.sandbox = running;
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
            resolve({ taskId: task.taskId, result: outcome.result, state: outcome.state, timings });
            place.release();
            context.pool.answered();
            context.dismantler.retire(running);
          });
        });
      });
    });
    if (settled) return;
    // A prepared sandbox has its request by now: what follows is done while it works.
    task.taskId = randomUUID();
    context.tasks.add(task);
    client.whenGone(onGone);
    const remainingMs = execution.deadlineMs - (performance.now() - arrivedMs);
    deadline = setTimeout(
      () => {
        const where = place.state === 'running' ? 'while it ran' : 'while it waited for a place';
        fail(new ProblemError('deadline-exceeded', `the deadline of ${execution.deadlineMs} ms passed ${where}`));
      },
      Math.max(0, remainingMs),
    );
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
