/** One request for a task, by either route: its body, and what its reply means for the question whether the task ran. */
import type { TaskResponse } from '../../../lib/ports/contracts/wire.ts';
import type { Attempt } from './api.ts';
import { longestDeadlineMs } from './options.ts';
import type { RemoteCall, RemoteSuccess } from './remote.ts';
import type { Exchange } from './transport.ts';
import { isSuccess, type ProblemReply, parseJson, readProblem } from './wire.ts';

export type TryOutcome =
  | RemoteSuccess
  | { kind: 'task-failed'; problem: ProblemReply }
  | { kind: 'not-run'; cause: string; problem: ProblemReply | null; gone: 'yes' | 'perhaps' | 'no' }
  /** `broken`: the connection ended; `silent`: the VM, not the method, is to blame. */
  | { kind: 'unknown'; cause: string; problem: string | null; broken: boolean; silent: boolean };

/** The request with the time that is left and whatever else goes along. */
export function bodyOf(call: RemoteCall, timeoutMs: number, more: object = {}): string {
  const rest = JSON.stringify({ ...more, deadlineMs: Math.max(1, Math.min(timeoutMs, longestDeadlineMs)) });
  return `${call.task.slice(0, -1)},${rest.slice(1)}`;
}

/** Silence beyond this is held against the VM rather than the method; never that the caller did not wait for. */
export const patienceMs = (call: RemoteCall): number =>
  call.caller.aborted ? Number.POSITIVE_INFINITY : 3 * Math.max(call.runMs, 100);

/** What a reply to a task (or invocation) means for the question whether it ran. */
export function classifyTry(
  reply: Exchange,
  ms: number,
  from: { region: string; t1Ms: number; linkTarget: string; predictedMs: number | null; patienceMs: number },
): TryOutcome {
  const { patienceMs, ...context } = from;
  if (!reply.ok) {
    if (!reply.sent)
      return {
        kind: 'not-run',
        cause: reply.detail,
        problem: null,
        gone: reply.kind === 'timeout' ? 'perhaps' : 'yes',
      };
    const broken = reply.kind === 'network';
    return { kind: 'unknown', cause: reply.detail, problem: null, broken, silent: broken || ms > patienceMs };
  }
  if (isSuccess(reply)) {
    const response = parseJson(reply.body) as TaskResponse | undefined;
    if (response?.timings === undefined || response.result === undefined) {
      return { kind: 'unknown', cause: 'the answer is no task response', problem: null, broken: false, silent: true };
    }
    // The first surrogate counts from the arrival to its answer, hand-off included.
    const t2Ms = Math.max(0, ms - response.timings.totalMs);
    return { kind: 'ok', response, ...context, t2Ms, bytes: reply.bytes, receivedBytes: reply.body.length };
  }
  const problem = readProblem(reply);
  switch (problem.type) {
    case 'task-failed':
      return { kind: 'task-failed', problem };
    case 'deadline-exceeded':
    case 'task-killed':
    case 'surrogate-lost':
    case 'replayed-ticket':
    case 'internal':
    case 'unreadable':
      return {
        kind: 'unknown',
        cause: `${problem.type}: ${problem.detail}`,
        problem: problem.type,
        broken: false,
        silent: problem.type === 'surrogate-lost',
      };
    default:
      return {
        kind: 'not-run',
        cause: `${problem.type}: ${problem.detail}`,
        problem,
        gone: problem.type === 'draining' || problem.type === 'isolation-unavailable' ? 'yes' : 'no',
      };
  }
}

export function describeTry(
  outcome: TryOutcome,
  target: string,
  region: string,
  ms: number,
  aborted: boolean,
): Attempt {
  const base = { where: 'remote', target, region, ms } as const;
  switch (outcome.kind) {
    case 'ok':
      return { ...base, outcome: 'ok', detail: null };
    case 'task-failed':
      return { ...base, outcome: 'failed', detail: outcome.problem.detail };
    case 'not-run':
      return { ...base, outcome: outcome.problem === null ? 'not-sent' : 'refused', detail: outcome.cause };
    case 'unknown':
      return { ...base, outcome: aborted ? 'abandoned' : 'unknown', detail: outcome.cause };
  }
}
