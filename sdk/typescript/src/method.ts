/**
 * One declared method: what was measured of it, the decision per call, and the call itself with its fallbacks.
 */
import type {
  Attempt,
  CallOptions,
  CallTimings,
  Detailed,
  LocalContext,
  LocalImplementation,
  OaasEvents,
  OffloadOptions,
  Reason,
} from './api.ts';
import { failureOf } from './call-failure.ts';
import { Cancellation, type CancelSignal, toAbortSignal } from './cancellation.ts';
import { monotonicMs, sleep } from './clock.ts';
import type { Closing } from './closing.ts';
import type { Decision } from './decide.ts';
import type { Emitter } from './emitter.ts';
import { OffloadError } from './errors.ts';
import { type HistoryHost, MethodHistory } from './method-history.ts';
import { decodePayload, encodePayload } from './payload.ts';
import type { RemoteCall, RemoteOutcome, RemoteSuccess } from './remote.ts';
import type { TicketSpec, Tickets } from './tickets.ts';

/** What a method needs of the instance it was declared on. */
export interface MethodHost extends HistoryHost {
  readonly tickets: Tickets;
  readonly events: Emitter<OaasEvents>;
  readonly closing: Closing;
  run(call: RemoteCall): Promise<RemoteOutcome>;
}

const defaultDeadlineMs = 30_000;
/** Left between the local run that is to save a deadline and the deadline itself, as a share of the local time. */
const rescueMargin = 0.2;
/** Waiting and handing on beyond this share of the run itself: the ticket's VMs are crowded. */
const crowdedShare = 0.5;
/** After a failure of the remote side nobody waits for it again for this long, unless it said when. */
const holdOffMs = 1_000;
const longestHoldOffMs = 30_000;

interface Call<A, S> {
  args: A;
  /** See `OffloadOptions.sizeOf`; '' without it. */
  size: string;
  state: S | undefined;
  requestId: string;
  startMs: number;
  endsAtMs: number;
  signal: CancelSignal;
  /** The caller asked for remote: the region is not to weigh it against the device. */
  forced: boolean;
  attempts: Attempt[];
}

interface Plan {
  where: 'local' | 'remote';
  /** See `Decision.hedgeMs`. */
  hedgeMs: number | null;
  reason: Reason;
  why: string;
}

interface Settled<R, S> {
  result: R;
  state: S | undefined;
  ranOn: Detailed<R, S>['ranOn'];
  timings: Omit<CallTimings, 'totalMs'>;
  /** Set when something overruled the decision. */
  reason?: Reason;
  cause?: string;
}

export class Method<A, R, S> {
  readonly spec: TicketSpec;
  readonly #host: MethodHost;
  readonly #name: string;
  readonly #local: LocalImplementation<R> | null;
  readonly #options: OffloadOptions;
  readonly #history: MethodHistory;
  /** Made ahead, each used once. */
  #nextId: string | null = null;

  constructor(
    host: MethodHost,
    appId: string,
    name: string,
    local: LocalImplementation<R> | null,
    options: OffloadOptions,
  ) {
    this.#host = host;
    this.#name = name;
    this.#local = local;
    this.#options = options;
    this.spec = {
      appId,
      ...(options.slaId === undefined ? {} : { slaId: options.slaId }),
      ...(options.acceleration === undefined ? {} : { acceleration: options.acceleration }),
      ...(options.requirements === undefined ? {} : { requirements: options.requirements }),
    };
    this.#history = new MethodHistory(host, this.spec, options);
  }

  async call(args: A, options: CallOptions<S> = {}): Promise<Detailed<R, S>> {
    const { closing, events } = this.#host;
    if (closing.closed) throw new OffloadError('closed', 'this OaaS instance was closed; create a new one');
    if (options.signal?.aborted) throw new OffloadError('aborted', 'aborted by the caller');
    const startMs = monotonicMs();
    const prefer = options.prefer ?? this.#options.prefer ?? 'auto';
    const abort = new Cancellation();
    const call: Call<A, S> = {
      args,
      size: this.#options.sizeOf === undefined ? '' : String(this.#options.sizeOf(args)),
      state: options.state,
      requestId: options.requestId ?? this.#takeId(),
      startMs,
      endsAtMs: startMs + (options.deadlineMs ?? this.#options.deadlineMs ?? defaultDeadlineMs),
      signal: abort,
      forced: prefer === 'remote',
      attempts: [],
    };
    const onAbort = () => abort.abort();
    const plan = this.#plan(prefer, call, options.deadlineMs ?? this.#options.deadlineMs ?? null);
    const running = this.#execute(plan, call);
    const release = closing.onClose(onAbort);
    options.signal?.addEventListener('abort', onAbort);
    try {
      const settled = await running;
      const where = settled.ranOn.where;
      this.#history.ended(where, call.size);
      const timings = { ...settled.timings, totalMs: monotonicMs() - startMs };
      const reason = settled.reason ?? plan.reason;
      events.emit('result', { appId: this.spec.appId, method: this.#name, requestId: call.requestId, reason, timings });
      const { result, state, ranOn } = settled;
      const why = settled.cause === undefined ? plan.why : `${plan.why}; ${settled.cause}`;
      return { result, state, ranOn, reason, why, timings, attempts: call.attempts, requestId: call.requestId };
    } finally {
      release();
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  #plan(prefer: 'auto' | 'local' | 'remote', call: Call<A, S>, deadlineMs: number | null): Plan {
    const there = { where: 'remote', hedgeMs: null } as const;
    if (this.#local === null)
      return { ...there, reason: 'no-local-implementation', why: 'there is no local implementation' };
    if (prefer === 'remote') return { ...there, reason: 'forced-remote', why: 'the caller asked for remote' };
    if (prefer === 'local')
      return { where: 'local', hedgeMs: null, reason: 'forced-local', why: 'the caller asked for local' };
    const decision = this.#history.decide(call.startMs, deadlineMs, call.size);
    return { where: decision.where, hedgeMs: decision.hedgeMs, reason: decision.code, why: explain(decision) };
  }

  #execute(plan: Plan, call: Call<A, S>): Promise<Settled<R, S>> {
    if (plan.where === 'local') return this.#runLocal(call);
    return this.#local === null ? this.#remoteOnly(call) : this.#remoteFirst(call, plan.hedgeMs);
  }

  async #remoteFirst(call: Call<A, S>, hedgeMs: number | null): Promise<Settled<R, S>> {
    const remoteAbort = new Cancellation();
    const forward = () => remoteAbort.abort();
    call.signal.addEventListener('abort', forward);
    const finish = hedgeMs === 0 ? this.#history.unmeasured(call.size) : { local: false, remote: false };
    // With a placement before it, the time of a run that is given up would tell nothing of the surrogate.
    const placed = this.#host.route === 'proxy' || this.#host.tickets.peek(this.spec) !== null;
    try {
      const sentMs = monotonicMs();
      const remote = this.#runRemote(call, remoteAbort);
      let answered = false;
      void remote.then(() => {
        answered = true;
      });
      const outcome = hedgeMs === 0 ? 'race' : await this.#untilLate(call, remote, hedgeMs);
      if (typeof outcome !== 'string') return await this.#settleRemote(call, outcome);
      const first = await this.#runBoth(call, remote, outcome, finish.local);
      if (first.ranOn.where === 'local' && finish.remote) this.#hear(call, remote);
      else {
        if (first.ranOn.where === 'local' && placed && !answered)
          this.#history.gaveUpRemotely(monotonicMs() - sentMs, monotonicMs(), call.size);
        remoteAbort.abort();
      }
      return first;
    } catch (error) {
      remoteAbort.abort();
      throw error;
    } finally {
      call.signal.removeEventListener('abort', forward);
    }
  }

  /** The remote outcome, or why an idempotent method must start here as well before there is one. */
  async #untilLate(
    call: Call<A, S>,
    remote: Promise<RemoteOutcome>,
    hedgeMs: number | null,
  ): Promise<RemoteOutcome | 'deadline-threatened' | 'answer-late'> {
    if (!this.#options.idempotent) return remote;
    const localMs = this.#history.localWorstMs(call.size);
    const leftMs = localMs === null ? 0 : call.endsAtMs - monotonicMs() - localMs * (1 + rescueMargin);
    // A device that could not make it even from the start has nothing to rescue.
    const rescueMs = leftMs > 0 ? leftMs : Number.POSITIVE_INFINITY;
    const lateMs = hedgeMs ?? Number.POSITIVE_INFINITY;
    const waitMs = Math.min(rescueMs, lateMs);
    if (waitMs === Number.POSITIVE_INFINITY) return remote;
    const why = rescueMs < lateMs ? 'deadline-threatened' : 'answer-late';
    const timer = new Cancellation();
    try {
      return await Promise.race([remote, sleep(waitMs, timer).then(() => why)]);
    } finally {
      timer.abort();
    }
  }

  /** Local beside remote; the first result counts. @param finishLocal a local run that lost is let finish */
  async #runBoth(
    call: Call<A, S>,
    remote: Promise<RemoteOutcome>,
    why: 'race' | 'deadline-threatened' | 'answer-late',
    finishLocal: boolean,
  ): Promise<Settled<R, S>> {
    const late =
      why === 'deadline-threatened'
        ? { reason: why, cause: 'the answer was so late that the deadline needed a local run' }
        : { reason: 'answer-late' as const, cause: 'the answer was later than answers are' };
    if (why !== 'race') this.#emitFallback(call, late.cause);
    const localAbort = new Cancellation();
    const forward = () => localAbort.abort();
    call.signal.addEventListener('abort', forward);
    const local = this.#runLocal(call, localAbort).then((settled) =>
      why === 'race' ? settled : { ...settled, ...late },
    );
    local.catch(() => {});
    const first = await Promise.race([
      remote.then((outcome) => {
        if (outcome.kind === 'ok') return this.#accept(call, outcome);
        this.#holdOff(outcome);
        return local;
      }),
      local,
    ]);
    if (!finishLocal) localAbort.abort();
    call.signal.removeEventListener('abort', forward);
    return first;
  }

  /** Learns of a remote run that nobody waits for. */
  #hear(call: Call<A, S>, remote: Promise<RemoteOutcome>): void {
    this.#history.awaits(call.size);
    void remote.then((outcome) => {
      this.#history.heard(call.size);
      if (outcome.kind === 'ok') this.#history.ranRemotely(outcome, monotonicMs(), call.size);
      else this.#holdOff(outcome);
    });
  }

  #holdOff(outcome: RemoteOutcome): void {
    if (outcome.kind === 'ok' || outcome.kind === 'task-failed' || this.#host.closing.closed) return;
    const retryAfterMs = outcome.kind === 'unknown' ? null : outcome.retryAfterMs;
    this.#history.heldUntilMs = monotonicMs() + Math.min(retryAfterMs || holdOffMs, longestHoldOffMs);
  }

  async #settleRemote(call: Call<A, S>, outcome: RemoteOutcome): Promise<Settled<R, S>> {
    if (outcome.kind === 'ok') return this.#accept(call, outcome);
    const cause = outcome.kind === 'task-failed' ? outcome.problem.detail : outcome.cause;
    if (call.signal.aborted) throw this.#aborted();
    if (outcome.kind === 'task-failed' || (outcome.kind === 'unknown' && !this.#options.idempotent)) {
      throw failureOf(this.#what, outcome, cause, this.#options.idempotent ?? false);
    }
    this.#holdOff(outcome);
    this.#emitFallback(call, cause);
    const reason = outcome.kind === 'region-says-local' ? 'region-says-local' : 'fallback';
    return { ...(await this.#runLocal(call)), reason, cause };
  }

  /** Without a local implementation a refusal is waited out as long as the deadline allows. */
  async #remoteOnly(call: Call<A, S>): Promise<Settled<R, S>> {
    for (;;) {
      const outcome = await this.#runRemote(call, call.signal);
      if (outcome.kind === 'ok') return this.#accept(call, outcome);
      if (call.signal.aborted) throw this.#aborted();
      const cause = outcome.kind === 'task-failed' ? outcome.problem.detail : outcome.cause;
      const waitMs =
        outcome.kind === 'unavailable' || outcome.kind === 'region-says-local' ? outcome.retryAfterMs : null;
      const delayMs = Math.max(50, waitMs ?? 0);
      if (waitMs === null || monotonicMs() + delayMs >= call.endsAtMs)
        throw failureOf(this.#what, outcome, cause, this.#options.idempotent ?? false);
      await sleep(delayMs, call.signal);
      if (call.signal.aborted) throw this.#aborted();
    }
  }

  #runRemote(call: Call<A, S>, signal: CancelSignal): Promise<RemoteOutcome> {
    const args = encodePayload(call.args);
    const outcome = this.#host.run({
      spec: this.spec,
      method: this.#name,
      task: {
        requestId: call.requestId,
        method: this.#name,
        args,
        ...(call.state === undefined ? {} : { state: encodePayload(call.state) }),
      },
      idempotent: this.#options.idempotent ?? false,
      localEstimateMs: call.forced || this.#local === null ? null : this.#history.localMs(call.size),
      runMs: this.#history.runMs(call.size),
      endsAtMs: call.endsAtMs,
      signal,
      attempted: (attempt) => this.#attempted(call, attempt),
    });
    // The request is on its way: time for what can wait.
    this.#history.settle();
    this.#nextId ??= randomId();
    return outcome;
  }

  #accept(call: Call<A, S>, outcome: RemoteSuccess): Settled<R, S> {
    const { response, t1Ms, t2Ms } = outcome;
    const { queueMs, cloudMs, handoffMs } = response.timings;
    if (queueMs + handoffMs > crowdedShare * cloudMs) this.#host.tickets.refresh(this.spec);
    this.#history.ranRemotely(outcome, monotonicMs(), call.size);
    return {
      result: decodePayload(response.result) as R,
      state: response.state === undefined ? undefined : (decodePayload(response.state) as S),
      ranOn: { where: 'remote', region: outcome.region, vmId: response.vmId, hops: response.hops },
      timings: { t1Ms, t2Ms, cloudMs, queueMs, handoffMs, localMs: 0 },
    };
  }

  async #runLocal(call: Call<A, S>, signal: CancelSignal = call.signal): Promise<Settled<R, S>> {
    const local = this.#local;
    if (local === null) throw new OffloadError('unavailable', `${this.#name} has no local implementation`);
    const following = toAbortSignal(signal);
    const context: LocalContext<S> = { state: call.state, signal: following.signal };
    const history = this.#history;
    const startMs = monotonicMs();
    const alone = history.localRunning === 0;
    history.localRunning += 1;
    try {
      const args: readonly unknown[] = Array.isArray(call.args) ? call.args : [call.args];
      const result = await (local as (...args: unknown[]) => R | Promise<R>)(...args, context);
      const localMs = monotonicMs() - startMs;
      // Runs that shared the device measured the crowd, not the method.
      if (alone && history.localRunning === 1) history.ranLocally(localMs, monotonicMs(), call.size);
      this.#attempted(call, deviceAttempt('ok', null, localMs));
      const timings = { t1Ms: 0, t2Ms: 0, cloudMs: 0, queueMs: 0, handoffMs: 0, localMs };
      return { result, state: context.state, ranOn: { where: 'local' }, timings };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#attempted(call, deviceAttempt('failed', detail, monotonicMs() - startMs));
      throw error;
    } finally {
      history.localRunning -= 1;
      following.release();
    }
  }

  #attempted(call: Call<A, S>, attempt: Attempt): void {
    call.attempts.push(attempt);
    const { requestId } = call;
    this.#host.events.emit('attempt', { appId: this.spec.appId, method: this.#name, requestId, attempt });
  }

  #emitFallback(call: Call<A, S>, cause: string): void {
    const { requestId } = call;
    this.#host.events.emit('fallback', { appId: this.spec.appId, method: this.#name, requestId, cause });
  }

  #takeId(): string {
    const id = this.#nextId ?? randomId();
    this.#nextId = null;
    return id;
  }

  get #what(): string {
    return `${this.spec.appId}.${this.#name}`;
  }

  #aborted(): OffloadError {
    return this.#host.closing.closed
      ? new OffloadError('closed', 'the OaaS instance was closed during the call')
      : new OffloadError('aborted', 'aborted by the caller');
  }
}

function deviceAttempt(outcome: 'ok' | 'failed', detail: string | null, ms: number): Attempt {
  return { where: 'local', target: 'device', region: null, outcome, detail, ms };
}

function explain(decision: Decision): string {
  const ms = (value: number | null) => (value === null ? 'not known yet' : `${value.toFixed(value < 10 ? 2 : 0)} ms`);
  const cost = decision.cost === null ? '' : `, cost ratio ${decision.cost.toFixed(2)}`;
  return `${decision.code}: local ${ms(decision.localMs)}, remote ${ms(decision.remoteMs)}${cost}`;
}

/** About 128 random bits; the proof against a second run rests on ids being unique. */
function randomId(): string {
  // Browsers offer it on https pages only, React Native not at all; in Node it is much the faster.
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let id = '';
  for (const byte of bytes) id += (byte + 256).toString(16).slice(1);
  return id;
}
