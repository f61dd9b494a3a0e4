/**
 * One call on a surrogate: ticket, candidates in turn, at most once.
 *
 * A try ends in one of three ways. *Not run* for certain (refused, or no byte of the request was seen): the next
 * candidate may have it. *Run* (result, or the method's own error): final. *Unknown* (the connection broke or stayed silent
 * after the request was sent): the same VM is asked once more under the same request id, which it runs at most
 * once; beyond that only an idempotent method is tried elsewhere.
 */
import type { ProblemType } from '../../../lib/ports/contracts/problem.ts';
import type { Candidate, TaskResponse } from '../../../lib/ports/contracts/wire.ts';
import type { Attempt } from './api.ts';
import type { CancelSignal } from './cancellation.ts';
import { monotonicMs } from './clock.ts';
import { bodyOf, classifyTry, describeTry, patienceMs, type TryOutcome } from './one-try.ts';
import type { Surrogates } from './surrogates.ts';
import { rankCandidates, type Ticket, type TicketSpec, type Tickets } from './tickets.ts';
import type { Transport } from './transport.ts';
import { type ProblemReply, paths } from './wire.ts';

export interface RemoteCall {
  spec: TicketSpec;
  method: string;
  /** The task request as JSON, but for its deadline: each try has less time left. */
  task: string;
  idempotent: boolean;
  localEstimateMs: number | null;
  /** Recent mean time of the method on a surrogate, to weigh this client's own load. */
  runMs: number;
  /** Monotonic time after which nobody waits any more. */
  endsAtMs: number;
  signal: CancelSignal;
  /** Fires when the caller aborts or closes; `signal` also when the device was faster. */
  caller: CancelSignal;
  attempted: (attempt: Attempt) => void;
}

export interface RemoteSuccess {
  kind: 'ok';
  response: TaskResponse;
  region: string;
  /** Placement; 0 with a ticket at hand. */
  t1Ms: number;
  /** Device to surrogate and back without what the surrogates did. */
  t2Ms: number;
  /** Sent and received, and received alone. */
  bytes: number;
  receivedBytes: number;
  /** Whose link `t2Ms` measures. */
  linkTarget: string;
  predictedMs: number | null;
}

export type RemoteOutcome =
  | RemoteSuccess
  /** The method ran and failed: its error is the call's result. */
  | { kind: 'task-failed'; problem: ProblemReply }
  /** Certainly not run. `retryAfterMs`: when asking again may help; null: a request like this never will be served. */
  | { kind: 'unavailable'; cause: string; retryAfterMs: number | null; problem: string | null }
  | { kind: 'region-says-local'; cause: string; retryAfterMs: number | null }
  /** Perhaps run. */
  | { kind: 'unknown'; cause: string; problem: string | null };

export interface RemoteParts {
  tickets: Tickets;
  surrogates: Surrogates;
  transport: Transport;
}

/** A ticket that every VM refused is worth one fresh placement, not more: the region is then full or wrong. */
const mostTickets = 3;

/** Problems of the request itself: every other VM would say the same. */
export const faultsOfTheCall: ReadonlySet<string> = new Set<ProblemType>([
  'invalid-request',
  'body-too-large',
  'unsupported-media-type',
]);

export async function runDirect(call: RemoteCall, parts: RemoteParts): Promise<RemoteOutcome> {
  const { tickets, surrogates } = parts;
  const tried = new Set<string>();
  let t1Ms = 0;
  let last: RemoteOutcome = { kind: 'unavailable', cause: 'the deadline passed', retryAfterMs: 0, problem: null };
  for (let round = 0; round < mostTickets; round += 1) {
    const timeoutMs = call.endsAtMs - monotonicMs();
    if (timeoutMs <= 0 || call.signal.aborted) return last;
    const exclude = round === 0 ? [] : [...new Set([...tried, ...surrogates.avoidedIds()])];
    const placing = { method: call.method, localEstimateMs: call.localEstimateMs, exclude, timeoutMs };
    const issued = tickets.held(call.spec, exclude) ?? (await tickets.acquire(call.spec, placing));
    if (issued.kind !== 'ticket') {
      if (last.kind === 'unknown') return last;
      const none = withoutTicket(issued);
      // Why the first ticket's VMs were left out tells more than that there are no others.
      return round === 0 ? none : { ...none, cause: `${causeOf(last)}; then ${none.cause}` };
    }
    t1Ms += issued.ms;
    const outcome = await tryCandidates(call, parts, issued.ticket, tried, t1Ms);
    if (outcome.kind === 'ok' || outcome.kind === 'task-failed') return outcome;
    if (outcome.kind === 'unknown' && !call.idempotent) return outcome;
    if (outcome.kind === 'unavailable' && outcome.problem !== null && faultsOfTheCall.has(outcome.problem))
      return outcome;
    last = outcome;
    if (call.signal.aborted) return last;
    const full = outcome.kind === 'unavailable' && outcome.problem === 'saturated';
    if (full && (round > 0 || tickets.isFresh(issued.ticket))) return outcome;
    tickets.drop(call.spec, issued.ticket);
  }
  return last;
}

async function tryCandidates(
  call: RemoteCall,
  parts: RemoteParts,
  ticket: Ticket,
  tried: Set<string>,
  t1Ms: number,
): Promise<RemoteOutcome> {
  const { surrogates } = parts;
  const usable = ticket.placed.candidates.filter((c) => !surrogates.avoided(c.vmId) && !tried.has(c.vmId));
  const order =
    ticket.placed.mode === 'session' ? rankCandidates(usable, surrogates.inFlight, call.runMs) : [...usable];
  let last: RemoteOutcome = {
    kind: 'unavailable',
    cause: 'every candidate failed lately',
    retryAfterMs: 0,
    problem: null,
  };
  for (const candidate of order) {
    let outcome = await tryOnce(call, parts, ticket, candidate, t1Ms);
    if (outcome.kind === 'unknown' && outcome.broken && call.endsAtMs > monotonicMs()) {
      const again = await tryOnce(call, parts, ticket, candidate, t1Ms);
      // "Not run" of the second request says nothing of the first.
      if (again.kind === 'ok' || again.kind === 'task-failed') outcome = again;
    }
    if (outcome.kind === 'ok' || outcome.kind === 'task-failed') return outcome;
    tried.add(candidate.vmId);
    if (outcome.kind === 'unknown') {
      if (outcome.silent) surrogates.avoid(candidate.vmId, false);
      last = { kind: 'unknown', cause: outcome.cause, problem: outcome.problem };
      if (!call.idempotent) return last;
    } else {
      if (outcome.gone !== 'no') surrogates.avoid(candidate.vmId, outcome.gone === 'yes');
      const { problem } = outcome;
      const retryAfterMs = problem === null ? 0 : retryAfterOf(problem);
      if (last.kind !== 'unknown') {
        last = { kind: 'unavailable', cause: outcome.cause, retryAfterMs, problem: problem?.type ?? null };
      }
      if (problem !== null && faultsOfTheCall.has(problem.type)) return last;
      if (problem !== null && faultsOfTheTicket.has(problem.type)) {
        // Another VM of the same ticket would say the same: a fresh ticket may name this VM again.
        tried.delete(candidate.vmId);
        return last;
      }
    }
    if (call.endsAtMs <= monotonicMs() || call.signal.aborted) return last;
  }
  return last;
}

async function tryOnce(
  call: RemoteCall,
  parts: RemoteParts,
  ticket: Ticket,
  candidate: Candidate,
  t1Ms: number,
): Promise<TryOutcome> {
  const { surrogates, transport } = parts;
  const startMs = monotonicMs();
  const timeoutMs = call.endsAtMs - startMs;
  const body = bodyOf(call, timeoutMs);
  surrogates.enter(candidate.vmId);
  const reply = await transport.surrogate(candidate, paths.tasks, {
    method: 'POST',
    body,
    bearer: ticket.placed.ticket,
    timeoutMs,
    signal: call.signal,
  });
  surrogates.leave(candidate.vmId);
  if (reply.ok) surrogates.answered(candidate.vmId);
  const ms = monotonicMs() - startMs;
  const region = ticket.region.region;
  const outcome = classifyTry(reply, ms, {
    region,
    t1Ms,
    linkTarget: candidate.vmId,
    predictedMs: ticket.placed.predictedMs,
    patienceMs: patienceMs(call),
  });
  call.attempted(describeTry(outcome, candidate.vmId, region, ms, call.signal.aborted));
  return outcome;
}

/** Problems that end with the ticket: it is no longer valid, or for a version of the app that was replaced. */
const faultsOfTheTicket: ReadonlySet<string> = new Set<ProblemType>([
  'invalid-ticket',
  'unknown-method',
  'unknown-app',
]);

type NoTicket = Exclude<Awaited<ReturnType<Tickets['acquire']>>, { kind: 'ticket' }>;

/** Problems that a second try cannot cure. */
const permanent = new Set([400, 401, 403, 404, 413, 415, 422]);

/** An agent that calls a ticket invalid may only lack the newest key. */
const retryAfterOf = ({ type, status, retryAfterMs }: ProblemReply): number | null =>
  type !== 'invalid-ticket' && permanent.has(status) ? null : (retryAfterMs ?? 0);

const causeOf = (outcome: RemoteOutcome): string => ('cause' in outcome ? outcome.cause : '');

function withoutTicket(issued: NoTicket): Extract<RemoteOutcome, { kind: 'unavailable' | 'region-says-local' }> {
  if (issued.kind === 'local') {
    return { kind: 'region-says-local', cause: issued.detail, retryAfterMs: issued.retryAfterMs };
  }
  if (issued.kind === 'unreachable') {
    return { kind: 'unavailable', cause: issued.detail, retryAfterMs: 250, problem: null };
  }
  const { problem } = issued;
  const cause = `${problem.type}: ${problem.detail}`;
  return { kind: 'unavailable', cause, retryAfterMs: retryAfterOf(problem), problem: problem.type };
}
