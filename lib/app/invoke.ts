/**
 * Proxy: placement and task in one call, for clients that cannot pin a surrogate's certificate.
 *
 * One terminal outcome per request: the next candidate gets the task only if the one before surely did not run it, or the
 * method is declared idempotent. When the candidates turn out to be leaving (a placement is as old as the copy of the pool that it
 * was made on) the request is placed again, on others.
 */

import type { z } from 'zod';
import type { AgentClient, TaskOutcome } from '../ports/agent-client.ts';
import type { Clock } from '../ports/clock.ts';
import { type Problem, problemTypes } from '../ports/contracts/problem.ts';
import type {
  InvocationResponse,
  invocationRequestSchema,
  PlacementResponse,
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
/** As the SDKs do on the direct route. */
const mostPlacements = 3;
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
  const endMs = startedMs + Math.min(deadlineMs + transportMs, deps.limitMs ?? defaultLimitMs);
  const task: TaskRequest = { requestId, method, args, deadlineMs, ...(state === undefined ? {} : { state }) };
  const exclude = new Set<string>();
  let placementMs = 0;
  let refusal: Problem | null = null;
  for (let round = 0; round < mostPlacements; round++) {
    const again = round > 0;
    const placed = await deps.place(principal, { ...placement, method, exclude: [...exclude] }, { again });
    if (!placed.ok) return placed;
    if (placed.response.decision === 'local') return { ok: false, problem: refusedLocally(placed.response) };
    const { candidates, ticket, poolId } = placed.response;
    const idempotent = deps.config.get('app', request.appId)?.manifest.methods[method]?.idempotent ?? false;
    placementMs += placed.response.placementMs;
    let gone = false;
    for (const candidate of candidates) {
      const sentMs = deps.clock.monotonicMs();
      // Nobody waits any more.
      if (sentMs >= endMs || signal?.aborted === true) return { ok: false, problem: refusal ?? tooLate(deadlineMs) };
      const options = { timeoutMs: endMs - sentMs, ...(signal === undefined ? {} : { signal }) };
      const outcome = await deps.agents.run(candidate, ticket, task, options);
      if (outcome.ok) {
        const endedMs = deps.clock.monotonicMs();
        deps.arrivals.responded(poolId, endedMs - startedMs, deps.clock.nowMs());
        const t2Ms = networkMs(outcome.response, endedMs - sentMs);
        return { ok: true, response: { ...outcome.response, poolId, placementMs, t2Ms } };
      }
      refusal = outcome.problem;
      if (!tryNext(outcome, idempotent)) return { ok: false, problem: refusal };
      exclude.add(candidate.vmId);
      gone ||= refusal.status !== problemTypes.saturated;
    }
    if (!gone) break;
  }
  return { ok: false, problem: refusal ?? tooLate(deadlineMs) };
}

function refusedLocally(answer: Extract<PlacementResponse, { decision: 'local' }>): Problem {
  const { reason, detail, retryAfterMs } = answer;
  const type = reason === 'no-capacity' ? reason : 'saturated';
  return problem(type, detail, retryAfterMs === null ? {} : { retryAfterMs });
}

const tooLate = (deadlineMs: number): Problem =>
  problem('deadline-exceeded', `no surrogate was reached within ${deadlineMs} ms; raise deadlineMs or run it locally`);

function tryNext(outcome: Extract<TaskOutcome, { ok: false }>, idempotent: boolean): boolean {
  if (!outcome.mayHaveRun) return true;
  // Lost on the way: may have run, which an idempotent method does not mind. A task's own failure would fail again.
  return idempotent && outcome.problem.status === 502;
}

/** T2: the whole call without the time spent at surrogates. */
const networkMs = (response: TaskResponse, elapsedMs: number): number =>
  Math.max(0, elapsedMs - response.timings.totalMs);
