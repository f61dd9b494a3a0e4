/**
 * One declared method: what was measured of it, the decision per call, and the call itself with its fallbacks.
 */
import type { CallOptions, Detailed, LocalImplementation, OffloadOptions, Reason } from './api.ts';
import { BothSides } from './both-sides.ts';
import { type Call, MethodContext, type MethodHost, type Settled } from './call-context.ts';
import { Cancellation } from './cancellation.ts';
import { monotonicMs } from './clock.ts';
import type { Decision } from './decide.ts';
import { OffloadError } from './errors.ts';
import { LocalSide } from './local-side.ts';
import { MethodHistory } from './method-history.ts';
import { checkCall } from './options.ts';
import { RemoteSide } from './remote-side.ts';
import type { TicketSpec } from './tickets.ts';

const defaultDeadlineMs = 30_000;

interface Plan {
  where: 'local' | 'remote';
  /** See `Decision.hedgeMs`. */
  hedgeMs: number | null;
  reason: Reason;
  why: string;
}

export class Method<A, R, S> {
  readonly spec: TicketSpec;
  readonly #host: MethodHost;
  readonly #name: string;
  readonly #options: OffloadOptions;
  readonly #history: MethodHistory;
  readonly #what: string;
  readonly #remote: RemoteSide<A, R, S>;
  /** Null: the method can only run remotely. */
  readonly #device: { local: LocalSide<A, R, S>; both: BothSides<A, R, S> } | null;

  constructor(
    host: MethodHost,
    appId: string,
    name: string,
    local: LocalImplementation<R> | null,
    options: OffloadOptions,
  ) {
    this.#host = host;
    this.#name = name;
    this.#options = options;
    this.spec = {
      appId,
      ...(options.slaId === undefined ? {} : { slaId: options.slaId }),
      ...(options.acceleration === undefined ? {} : { acceleration: options.acceleration }),
      ...(options.requirements === undefined ? {} : { requirements: options.requirements }),
    };
    this.#history = new MethodHistory(host, this.spec, options);
    const context = new MethodContext({ host, spec: this.spec, name, options, history: this.#history });
    this.#what = context.what;
    this.#remote = new RemoteSide(context, local !== null);
    const side = local === null ? null : new LocalSide<A, R, S>(context, local);
    this.#device = side === null ? null : { local: side, both: new BothSides(context, side, this.#remote) };
  }

  async call(args: A, options: CallOptions<S> = {}): Promise<Detailed<R, S>> {
    const { closing, events } = this.#host;
    checkCall(this.#what, options);
    if (closing.closed) throw new OffloadError('closed', 'this OaaS instance was closed; create a new one');
    if (options.signal?.aborted) throw new OffloadError('aborted', 'aborted by the caller');
    const startMs = monotonicMs();
    const prefer = options.prefer ?? this.#options.prefer ?? 'auto';
    const deadlineMs = options.deadlineMs ?? this.#options.deadlineMs ?? null;
    const abort = new Cancellation();
    const call: Call<A, S> = {
      args,
      size: this.#options.sizeOf === undefined ? '' : String(this.#options.sizeOf(args)),
      state: options.state,
      requestId: options.requestId ?? this.#remote.takeId(),
      startMs,
      endsAtMs: startMs + (deadlineMs ?? defaultDeadlineMs),
      localEndsAtMs: deadlineMs === null ? Number.POSITIVE_INFINITY : startMs + deadlineMs,
      signal: abort,
      forced: prefer === 'remote',
      attempts: [],
    };
    const onAbort = () => abort.abort();
    const plan = this.#plan(prefer, call, deadlineMs);
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
    if (this.#device === null)
      return { ...there, reason: 'no-local-implementation', why: 'there is no local implementation' };
    if (prefer === 'remote') return { ...there, reason: 'forced-remote', why: 'the caller asked for remote' };
    if (prefer === 'local')
      return { where: 'local', hedgeMs: null, reason: 'forced-local', why: 'the caller asked for local' };
    const decision = this.#history.decide(call.startMs, deadlineMs, call.size);
    return { where: decision.where, hedgeMs: decision.hedgeMs, reason: decision.code, why: explain(decision) };
  }

  #execute(plan: Plan, call: Call<A, S>): Promise<Settled<R, S>> {
    if (this.#device === null) return this.#remote.only(call);
    return plan.where === 'local' ? this.#device.local.run(call) : this.#device.both.run(call, plan.hedgeMs);
  }
}

function explain(decision: Decision): string {
  const ms = (value: number | null) => (value === null ? 'not known yet' : `${value.toFixed(value < 10 ? 2 : 0)} ms`);
  const cost = decision.cost === null ? '' : `, cost ratio ${decision.cost.toFixed(2)}`;
  return `${decision.code}: local ${ms(decision.localMs)}, remote ${ms(decision.remoteMs)}${cost}`;
}
