/**
 * One call through the proxy route: placement and task in one request to the region. For runtimes that cannot pin a
 * surrogate's certificate. The same at-most-once rule as in remote.ts.
 */
import type { InvocationResponse } from '../../../lib/ports/contracts/wire.ts';
import { Cancellation, type CancelSignal } from './cancellation.ts';
import { monotonicMs, sleep } from './clock.ts';
import { bodyOf, classifyTry, describeTry, patienceMs } from './one-try.ts';
import { raceRegions } from './region-race.ts';
import type { Region, Regions } from './regions.ts';
import type { RemoteCall, RemoteOutcome } from './remote.ts';
import type { Transport } from './transport.ts';
import { paths } from './wire.ts';

/** A region not heard of for this long is pinged before it is trusted with a call that must not run twice. */
const freshMs = 2_000;
/** While a call waits, between the pings that show that its region is still there. */
const watchMs = 500;

export interface ProxyParts {
  regions: Regions;
  transport: Transport;
  apiKey: string;
  /** Within this a region that answers is found, or the call is given up, however many stay silent. */
  timeoutMs: number;
}

export async function runProxied(call: RemoteCall, parts: ProxyParts): Promise<RemoteOutcome> {
  const { regions } = parts;
  const findByMs = monotonicMs() + parts.timeoutMs;
  await regions.readyWithin(parts.timeoutMs / 2);
  let last: RemoteOutcome = { kind: 'unavailable', cause: 'no region answers', retryAfterMs: 250, problem: null };
  const asked = new Set<Region>();
  for (;;) {
    if (call.endsAtMs <= monotonicMs() || call.signal.aborted) return last;
    const left = regions.ordered().filter((region) => !asked.has(region));
    const region = await nearestAnswering(left, regions, findByMs - monotonicMs(), call.signal);
    if (region === null) return last;
    asked.add(region);
    const outcome = call.idempotent ? await invokeWatched(call, parts, region) : await invoke(call, parts, region);
    if (outcome.kind === 'ok' || outcome.kind === 'task-failed' || outcome.kind === 'region-says-local') return outcome;
    last = outcome;
    if (outcome.kind === 'unknown' && !call.idempotent) return outcome;
    if (outcome.kind === 'unavailable' && outcome.problem !== null) return outcome;
  }
}

/** Failing a ping is failing for certain; failing an invocation may leave its outcome unknown. */
async function nearestAnswering(
  order: readonly Region[],
  regions: Regions,
  budgetMs: number,
  signal: CancelSignal,
): Promise<Region | null> {
  const nearest = order[0];
  if (nearest === undefined) return null;
  const fresh = nearest.lastAnswerMs !== null && monotonicMs() - nearest.lastAnswerMs < freshMs;
  if (fresh && !nearest.down) return nearest;
  const ask = async (region: Region) => ((await regions.ping(region)) ? region : null);
  return raceRegions(order, ask, { usable: (region) => region !== null, budgetMs, signal });
}

/**
 * An idempotent call does not wait out a region that falls silent meanwhile: another one or the device may run it. One that must not run
 * twice has nowhere else to go before its deadline.
 */
async function invokeWatched(call: RemoteCall, parts: ProxyParts, region: Region): Promise<RemoteOutcome> {
  const given = new Cancellation();
  const answered = new Cancellation();
  const forward = () => given.abort();
  call.signal.addEventListener('abort', forward);
  void untilSilent(region, parts.regions, answered).then((silent) => {
    if (silent) given.abort();
  });
  const outcome = await invoke({ ...call, signal: given }, parts, region);
  answered.abort();
  call.signal.removeEventListener('abort', forward);
  const silent = outcome.kind === 'unknown' && given.aborted && !call.signal.aborted;
  return silent ? { ...outcome, cause: `${region.region} fell silent` } : outcome;
}

/** Resolves with true when a ping is not answered, with false once the signal fires. */
async function untilSilent(region: Region, regions: Regions, answered: Cancellation): Promise<boolean> {
  for (;;) {
    await sleep(watchMs, answered);
    if (answered.aborted) return false;
    if (!(await regions.ping(region))) return !answered.aborted;
  }
}

async function invoke(call: RemoteCall, parts: ProxyParts, region: Region): Promise<RemoteOutcome> {
  const startMs = monotonicMs();
  const timeoutMs = call.endsAtMs - startMs;
  const estimate = call.localEstimateMs === null ? {} : { localEstimateMs: call.localEstimateMs };
  const body = bodyOf(call, timeoutMs, { ...call.spec, ...estimate });
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
