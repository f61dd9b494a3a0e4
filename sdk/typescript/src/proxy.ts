/**
 * One call through the proxy route: placement and task in one request to the region. For runtimes that cannot pin a
 * surrogate's certificate. The same at-most-once rule as in remote.ts.
 */
import type { InvocationResponse } from '../../../lib/ports/contracts/wire.ts';
import { monotonicMs } from './clock.ts';
import type { Region, Regions } from './regions.ts';
import { classifyTry, describeTry, patienceMs, type RemoteCall, type RemoteOutcome } from './remote.ts';
import type { Transport } from './transport.ts';
import { paths } from './wire.ts';

/** A region not heard of for this long is pinged before it is trusted with a call that must not run twice. */
const freshMs = 2_000;

export async function runProxied(
  call: RemoteCall,
  parts: { regions: Regions; transport: Transport; apiKey: string },
): Promise<RemoteOutcome> {
  const { regions } = parts;
  await regions.ready;
  let last: RemoteOutcome = { kind: 'unavailable', cause: 'no region answers', retryAfterMs: 250, problem: null };
  for (const region of regions.ordered()) {
    if (call.endsAtMs <= monotonicMs() || call.signal.aborted) return last;
    const fresh = region.lastAnswerMs !== null && monotonicMs() - region.lastAnswerMs < freshMs;
    // Failing the ping is failing for certain; failing the invocation may leave its outcome unknown.
    if ((!fresh || region.down) && !(await regions.ping(region))) continue;
    const outcome = await invoke(call, parts, region);
    if (outcome.kind === 'ok' || outcome.kind === 'task-failed' || outcome.kind === 'region-says-local') return outcome;
    last = outcome;
    if (outcome.kind === 'unknown' && !call.idempotent) return outcome;
    if (outcome.kind === 'unavailable' && outcome.problem !== null) return outcome;
  }
  return last;
}

async function invoke(
  call: RemoteCall,
  parts: { regions: Regions; transport: Transport; apiKey: string },
  region: Region,
): Promise<RemoteOutcome> {
  const startMs = monotonicMs();
  const timeoutMs = call.endsAtMs - startMs;
  const body = JSON.stringify({
    ...call.spec,
    ...call.task,
    deadlineMs: Math.max(1, Math.min(timeoutMs, 3_600_000)),
    ...(call.localEstimateMs === null ? {} : { localEstimateMs: call.localEstimateMs }),
  });
  const reply = await parts.transport.control(region.url + paths.invocations, {
    method: 'POST',
    body,
    bearer: parts.apiKey,
    timeoutMs,
    signal: call.signal,
  });
  const ms = monotonicMs() - startMs;
  const context = {
    region: region.region,
    t1Ms: 0,
    linkTarget: region.url,
    predictedMs: null,
    patienceMs: patienceMs(call),
  };
  const outcome = classifyTry(reply, ms, context);
  call.attempted(describeTry(outcome, 'proxy', region.region, ms, call.signal.aborted));
  if (reply.ok) parts.regions.markUp(region);
  else if (reply.kind === 'network') parts.regions.markDown(region);
  switch (outcome.kind) {
    case 'ok': {
      // The front-end stamped its own times: T1 is the placement plus the way to the front-end, T2 is beyond it.
      const { placementMs, t2Ms } = outcome.response as InvocationResponse;
      return { ...outcome, t1Ms: Math.max(0, outcome.t2Ms - t2Ms), t2Ms: t2Ms ?? outcome.t2Ms - (placementMs ?? 0) };
    }
    case 'not-run': {
      const { problem, cause } = outcome;
      if (problem === null) return { kind: 'unavailable', cause, retryAfterMs: 250, problem: null };
      const permanent = problem.status < 500 && problem.status !== 429;
      const retryAfterMs = permanent ? null : (problem.retryAfterMs ?? 0);
      return { kind: 'unavailable', cause, retryAfterMs, problem: problem.type };
    }
    default:
      return outcome;
  }
}
