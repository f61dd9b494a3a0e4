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
  PowerProfile,
  Reason,
} from './api.ts';
import { monotonicMs, sleep } from './clock.ts';
import type { Closing } from './closing.ts';
import { type Decision, decide } from './decide.ts';
import type { Emitter } from './emitter.ts';
import { OffloadError } from './errors.ts';
import { DurationEstimator, ewmaWeight } from './estimators.ts';
import { decodePayload, encodePayload } from './payload.ts';
import type { RemoteCall, RemoteOutcome, RemoteSuccess } from './remote.ts';
import type { Surrogates } from './surrogates.ts';
import type { TicketSpec, Tickets } from './tickets.ts';

/** What a method needs of the instance it was declared on. */
export interface MethodHost {
  readonly events: Emitter<OaasEvents>;
  readonly tickets: Tickets;
  readonly surrogates: Surrogates;
  readonly energyWeight: number;
  readonly power: PowerProfile;
  readonly closing: Closing;
  readonly route: 'direct' | 'proxy';
  /** Round trip to the region in use; null: not measured. */
  regionRttMs(): number | null;
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
  state: S | undefined;
  requestId: string;
  startMs: number;
  endsAtMs: number;
  signal: AbortSignal;
  /** The caller asked for remote: the region is not to weigh it against the device. */
  forced: boolean;
  attempts: Attempt[];
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
  readonly #localTime = new DurationEstimator();
  readonly #serverTime = new DurationEstimator();
  readonly #runTime = new DurationEstimator();
  #cpuMs: number | null = null;
  #predictedMs: number | null = null;
  #link: string | null = null;
  #upBytes = 0;
  #downBytes = 0;
  #localRunning = 0;
  #last: 'local' | 'remote' | null = null;
  #sinceExplore = 0;
  #heldUntilMs = 0;

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
  }

  async call(args: A, options: CallOptions<S> = {}): Promise<Detailed<R, S>> {
    const { closing, events } = this.#host;
    if (closing.closed) throw new OffloadError('closed', 'this OaaS instance was closed; create a new one');
    if (options.signal?.aborted) throw new OffloadError('aborted', 'aborted by the caller');
    const startMs = monotonicMs();
    const prefer = options.prefer ?? this.#options.prefer ?? 'auto';
    const abort = new AbortController();
    const call: Call<A, S> = {
      args,
      state: options.state,
      requestId: options.requestId ?? randomId(),
      startMs,
      endsAtMs: startMs + (options.deadlineMs ?? this.#options.deadlineMs ?? defaultDeadlineMs),
      signal: abort.signal,
      forced: prefer === 'remote',
      attempts: [],
    };
    const onAbort = () => abort.abort();
    const release = closing.onClose(onAbort);
    options.signal?.addEventListener('abort', onAbort);
    try {
      const plan = this.#plan(prefer, call, options.deadlineMs ?? this.#options.deadlineMs ?? null);
      const settled = await this.#execute(plan, call);
      const where = settled.ranOn.where;
      this.#last = where;
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

  #plan(
    prefer: 'auto' | 'local' | 'remote',
    call: Call<A, S>,
    deadlineMs: number | null,
  ): { where: 'local' | 'remote'; reason: Reason; why: string } {
    if (this.#local === null) {
      return { where: 'remote', reason: 'no-local-implementation', why: 'there is no local implementation' };
    }
    if (prefer === 'remote') return { where: 'remote', reason: 'forced-remote', why: 'the caller asked for remote' };
    if (prefer === 'local') return { where: 'local', reason: 'forced-local', why: 'the caller asked for local' };
    const decision = this.#decide(call, deadlineMs);
    const exploring = decision.code === 'explore-local' || decision.code === 'explore-remote';
    this.#sinceExplore = exploring ? 0 : this.#sinceExplore + 1;
    return { where: decision.where, reason: decision.code, why: explain(decision) };
  }

  #decide(call: Call<A, S>, deadlineMs: number | null): Decision {
    const { tickets, surrogates, power, energyWeight } = this.#host;
    const nowMs = call.startMs;
    const options = this.#options;
    const local = this.#localTime;
    const ticket = tickets.peek(this.spec);
    const linkTarget = this.#link ?? ticket?.placed.candidates[0]?.vmId;
    const link = linkTarget === undefined ? null : surrogates.link(linkTarget);
    const held = this.#host.route === 'proxy' || ticket !== null;
    return decide({
      local:
        this.#local === null
          ? null
          : {
              meanMs: local.meanMs ?? options.localEstimateMs ?? null,
              p95Ms: deadlineMs === null ? null : local.p95Ms,
              samples: local.samples,
              ageMs: local.ageMs(nowMs),
              running: this.#localRunning,
              parallelism: options.localParallelism ?? 1,
              guessMs: this.#cpuMs,
            },
      remote: {
        available: nowMs >= this.#heldUntilMs,
        predictedMs: ticket?.placed.predictedMs ?? this.#predictedMs,
        serverMs: this.#serverTime.meanMs,
        serverP95Ms: deadlineMs === null ? null : this.#serverTime.p95Ms,
        samples: this.#serverTime.samples,
        ageMs: this.#serverTime.ageMs(nowMs),
        placementMs: held ? 0 : (tickets.placementMs(this.spec) ?? this.#host.regionRttMs() ?? 0),
        rttMs: link?.rttMs ?? this.#host.regionRttMs() ?? 0,
        bytesPerMs: link?.bytesPerMs ?? null,
        upBytes: this.#upBytes,
        downBytes: this.#downBytes,
      },
      energyWeight,
      power,
      deadlineMs,
      last: this.#last,
      explore: options.explore ?? true,
      sinceExplore: this.#sinceExplore,
    });
  }

  async #execute(plan: { where: 'local' | 'remote'; reason: Reason }, call: Call<A, S>): Promise<Settled<R, S>> {
    if (plan.where === 'local') return this.#runLocal(call);
    const local = this.#local;
    if (local === null) return this.#remoteOnly(call);
    const remoteAbort = new AbortController();
    const forward = () => remoteAbort.abort();
    call.signal.addEventListener('abort', forward);
    try {
      const remote = this.#runRemote(call, remoteAbort.signal);
      const outcome = await this.#untilThreatened(call, remote);
      if (outcome === 'threatened') return await this.#rescue(call, remote, remoteAbort);
      return await this.#settleRemote(call, outcome);
    } finally {
      call.signal.removeEventListener('abort', forward);
    }
  }

  /** The remote outcome, or `threatened` when an idempotent method must start here now to make its deadline. */
  async #untilThreatened(call: Call<A, S>, remote: Promise<RemoteOutcome>): Promise<RemoteOutcome | 'threatened'> {
    const localMs = this.#localTime.p95Ms ?? this.#localTime.meanMs ?? this.#options.localEstimateMs ?? null;
    if (!this.#options.idempotent || localMs === null) return remote;
    const waitMs = call.endsAtMs - monotonicMs() - localMs * (1 + rescueMargin);
    // A device that could not make it even from the start has nothing to rescue.
    if (waitMs <= 0) return remote;
    const timer = new AbortController();
    try {
      return await Promise.race([remote, sleep(waitMs, timer.signal).then(() => 'threatened' as const)]);
    } finally {
      timer.abort();
    }
  }

  /** Local and remote at once; the first result wins and the other is abandoned. */
  async #rescue(call: Call<A, S>, remote: Promise<RemoteOutcome>, abort: AbortController): Promise<Settled<R, S>> {
    const cause = 'the answer was so late that the deadline needed a local run';
    this.#emitFallback(call, cause);
    const localAbort = new AbortController();
    const forward = () => localAbort.abort();
    call.signal.addEventListener('abort', forward);
    const local = this.#runLocal(call, localAbort.signal).then((settled) => ({
      ...settled,
      reason: 'deadline-threatened' as const,
      cause,
    }));
    local.catch(() => {});
    const first = await Promise.race([
      remote.then((outcome) => (outcome.kind === 'ok' ? this.#accept(outcome) : local)),
      local,
    ]);
    abort.abort();
    localAbort.abort();
    call.signal.removeEventListener('abort', forward);
    return first;
  }

  async #settleRemote(call: Call<A, S>, outcome: RemoteOutcome): Promise<Settled<R, S>> {
    if (outcome.kind === 'ok') return this.#accept(outcome);
    const cause = outcome.kind === 'task-failed' ? outcome.problem.detail : outcome.cause;
    if (call.signal.aborted) throw this.#aborted();
    if (outcome.kind === 'task-failed' || (outcome.kind === 'unknown' && !this.#options.idempotent)) {
      throw this.#failure(outcome, cause);
    }
    const retryAfterMs = outcome.kind === 'unknown' ? null : outcome.retryAfterMs;
    this.#heldUntilMs = monotonicMs() + Math.min(retryAfterMs || holdOffMs, longestHoldOffMs);
    this.#emitFallback(call, cause);
    const reason = outcome.kind === 'region-says-local' ? 'region-says-local' : 'fallback';
    return { ...(await this.#runLocal(call)), reason, cause };
  }

  /** Without a local implementation a refusal is waited out as long as the deadline allows. */
  async #remoteOnly(call: Call<A, S>): Promise<Settled<R, S>> {
    for (;;) {
      const outcome = await this.#runRemote(call, call.signal);
      if (outcome.kind === 'ok') return this.#accept(outcome);
      if (call.signal.aborted) throw this.#aborted();
      const cause = outcome.kind === 'task-failed' ? outcome.problem.detail : outcome.cause;
      const waitMs =
        outcome.kind === 'unavailable' || outcome.kind === 'region-says-local' ? outcome.retryAfterMs : null;
      const delayMs = Math.max(50, waitMs ?? 0);
      if (waitMs === null || monotonicMs() + delayMs >= call.endsAtMs) throw this.#failure(outcome, cause);
      await sleep(delayMs, call.signal);
      if (call.signal.aborted) throw this.#aborted();
    }
  }

  #runRemote(call: Call<A, S>, signal: AbortSignal): Promise<RemoteOutcome> {
    const args = encodePayload(call.args);
    return this.#host.run({
      spec: this.spec,
      method: this.#name,
      task: {
        requestId: call.requestId,
        method: this.#name,
        args,
        ...(call.state === undefined ? {} : { state: encodePayload(call.state) }),
      },
      idempotent: this.#options.idempotent ?? false,
      localEstimateMs: call.forced ? null : this.#localEstimateMs(),
      runMs: this.#runTime.meanMs ?? 1,
      endsAtMs: call.endsAtMs,
      signal,
      attempted: (attempt) => this.#attempted(call, attempt),
    });
  }

  #localEstimateMs(): number | null {
    return this.#local === null ? null : (this.#localTime.meanMs ?? this.#options.localEstimateMs ?? null);
  }

  #accept(outcome: RemoteSuccess): Settled<R, S> {
    const nowMs = monotonicMs();
    const { response, t1Ms, t2Ms } = outcome;
    const { queueMs, cloudMs, handoffMs, totalMs, cpuMs } = response.timings;
    if (queueMs + handoffMs > crowdedShare * cloudMs) this.#host.tickets.refresh(this.spec);
    this.#serverTime.add(totalMs, nowMs);
    this.#runTime.add(cloudMs, nowMs);
    this.#cpuMs = this.#cpuMs === null ? cpuMs : this.#cpuMs + ewmaWeight * (cpuMs - this.#cpuMs);
    this.#predictedMs = outcome.predictedMs ?? this.#predictedMs;
    this.#link = outcome.linkTarget;
    this.#host.surrogates.link(outcome.linkTarget).add(t2Ms, outcome.bytes, nowMs);
    this.#upBytes += ewmaWeight * (outcome.bytes - outcome.receivedBytes - this.#upBytes);
    this.#downBytes += ewmaWeight * (outcome.receivedBytes - this.#downBytes);
    return {
      result: decodePayload(response.result) as R,
      state: response.state === undefined ? undefined : (decodePayload(response.state) as S),
      ranOn: { where: 'remote', region: outcome.region, vmId: response.vmId, hops: response.hops },
      timings: { t1Ms, t2Ms, cloudMs, queueMs, handoffMs, localMs: 0 },
    };
  }

  async #runLocal(call: Call<A, S>, signal: AbortSignal = call.signal): Promise<Settled<R, S>> {
    const local = this.#local;
    if (local === null) throw new OffloadError('unavailable', `${this.#name} has no local implementation`);
    const context: LocalContext<S> = { state: call.state, signal };
    const startMs = monotonicMs();
    const alone = this.#localRunning === 0;
    this.#localRunning += 1;
    try {
      const args: readonly unknown[] = Array.isArray(call.args) ? call.args : [call.args];
      const result = await (local as (...args: unknown[]) => R | Promise<R>)(...args, context);
      const localMs = monotonicMs() - startMs;
      // Runs that shared the device measured the crowd, not the method.
      if (alone && this.#localRunning === 1) this.#localTime.add(localMs, monotonicMs());
      this.#attempted(call, deviceAttempt('ok', null, localMs));
      const timings = { t1Ms: 0, t2Ms: 0, cloudMs: 0, queueMs: 0, handoffMs: 0, localMs };
      return { result, state: context.state, ranOn: { where: 'local' }, timings };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#attempted(call, deviceAttempt('failed', detail, monotonicMs() - startMs));
      throw error;
    } finally {
      this.#localRunning -= 1;
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

  #aborted(): OffloadError {
    return this.#host.closing.closed
      ? new OffloadError('closed', 'the OaaS instance was closed during the call')
      : new OffloadError('aborted', 'aborted by the caller');
  }

  #failure(outcome: Exclude<RemoteOutcome, { kind: 'ok' }>, cause: string): OffloadError {
    const what = `${this.spec.appId}.${this.#name}`;
    const problem = 'problem' in outcome ? outcome.problem : null;
    const type = typeof problem === 'string' || problem === null ? problem : problem.type;
    switch (outcome.kind) {
      case 'task-failed':
        return new OffloadError('task-failed', `${what} failed: ${cause}`, { problem: type });
      case 'unknown': {
        const code =
          type === 'deadline-exceeded' || /^no answer within/.test(cause) ? 'deadline-exceeded' : 'outcome-unknown';
        const advice = this.#options.idempotent
          ? ''
          : ' (it may have run; declare the method idempotent to have it retried)';
        return new OffloadError(code, `${what}: ${cause}${advice}`, { problem: type });
      }
      default: {
        const permanent = outcome.kind === 'unavailable' && outcome.retryAfterMs === null;
        const code = permanent ? 'invalid-request' : 'unavailable';
        return new OffloadError(code, `${what} could not be offloaded and has no local implementation: ${cause}`, {
          problem: type,
        });
      }
    }
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
