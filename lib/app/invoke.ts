/**
 * Proxy: placement and task in one call, for clients that cannot pin a surrogate's certificate.
 *
 * One terminal outcome per request: the next candidate gets the task only if the one before surely did not run it, or the
 * method is declared idempotent.
 */

import type { z } from 'zod';
import type { AgentClient, TaskOutcome } from '../ports/agent-client.ts';
import type { Clock } from '../ports/clock.ts';
import type { Problem } from '../ports/contracts/problem.ts';
import type {
  InvocationResponse,
  invocationRequestSchema,
  TaskRequest,
  TaskResponse,
} from '../ports/contracts/wire.ts';
import type { Arrivals } from './arrivals.ts';
import type { ConfigCache } from './config-cache.ts';
import type { Place } from './place.ts';
import { problem } from './problem.ts';

export interface InvokeDependencies {
  place: Place;
  agents: AgentClient;
  config: ConfigCache;
  arrivals: Arrivals;
  clock: Clock;
  /** Most a proxied call may take (API gateways close at 30 s). */
  limitMs?: number;
}

export type InvokeOutcome = { ok: true; response: InvocationResponse } | { ok: false; problem: Problem };

const defaultLimitMs = 29_000;
/** Allowance over the task's own deadline for the way there and back. */
const transportMs = 1_000;

export async function invoke(
  deps: InvokeDependencies,
  principal: string,
  request: z.output<typeof invocationRequestSchema>,
  signal?: AbortSignal,
): Promise<InvokeOutcome> {
  const startedMs = deps.clock.monotonicMs();
  const { requestId, method, args, state, deadlineMs, ...placement } = request;
  const placed = await deps.place(principal, { ...placement, method });
  if (!placed.ok) return placed;
  if (placed.response.decision === 'local') {
    const { reason, detail, retryAfterMs } = placed.response;
    const type = reason === 'no-capacity' ? reason : 'saturated';
    return { ok: false, problem: problem(type, detail, retryAfterMs === null ? {} : { retryAfterMs }) };
  }
  const { candidates, ticket, poolId, placementMs } = placed.response;
  const idempotent = deps.config.get('app', request.appId)?.manifest.methods[method]?.idempotent ?? false;
  const endMs = startedMs + Math.min(deadlineMs + transportMs, deps.limitMs ?? defaultLimitMs);
  const task: TaskRequest = { requestId, method, args, deadlineMs, ...(state === undefined ? {} : { state }) };
  let refusal: Problem | null = null;
  for (const candidate of candidates) {
    const sentMs = deps.clock.monotonicMs();
    if (sentMs >= endMs) break;
    const options = { timeoutMs: endMs - sentMs, ...(signal === undefined ? {} : { signal }) };
    const outcome = await deps.agents.run(candidate, ticket, task, options);
    if (outcome.ok) {
      const endedMs = deps.clock.monotonicMs();
      deps.arrivals.responded(poolId, endedMs - startedMs, deps.clock.nowMs());
      return {
        ok: true,
        response: { ...outcome.response, poolId, placementMs, t2Ms: networkMs(outcome.response, endedMs - sentMs) },
      };
    }
    refusal = outcome.problem;
    if (!tryNext(outcome, idempotent)) break;
  }
  return {
    ok: false,
    problem:
      refusal ??
      problem(
        'deadline-exceeded',
        `no surrogate was reached within ${deadlineMs} ms; raise deadlineMs or run it locally`,
      ),
  };
}

function tryNext(outcome: Extract<TaskOutcome, { ok: false }>, idempotent: boolean): boolean {
  if (!outcome.mayHaveRun) return true;
  // Lost on the way: may have run, which an idempotent method does not mind. A task's own failure would fail again.
  return idempotent && outcome.problem.status === 502;
}

/** T2: the whole call without the time spent at surrogates. */
const networkMs = (response: TaskResponse, elapsedMs: number): number =>
  Math.max(0, elapsedMs - response.timings.totalMs);
