import type { Call, MethodContext, Settled } from './call-context.ts';
import { failureOf } from './call-failure.ts';
import { Cancellation } from './cancellation.ts';
import { monotonicMs, sleep } from './clock.ts';
import type { LocalSide } from './local-side.ts';
import type { RemoteOutcome } from './remote.ts';
import type { RemoteSide } from './remote-side.ts';

/** Left between the local run that is to save a deadline and the deadline itself, as a share of the local time. */
const rescueMargin = 0.2;

/** A call on the surrogates with the device behind it: beside it from the start, when the answer is late, or after a failure. */
export class BothSides<A, R, S> {
  readonly #context: MethodContext;
  readonly #local: LocalSide<A, R, S>;
  readonly #remote: RemoteSide<A, R, S>;

  constructor(context: MethodContext, local: LocalSide<A, R, S>, remote: RemoteSide<A, R, S>) {
    this.#context = context;
    this.#local = local;
    this.#remote = remote;
  }

  /** @param hedgeMs see `Decision.hedgeMs` */
  async run(call: Call<A, S>, hedgeMs: number | null): Promise<Settled<R, S>> {
    const remoteAbort = new Cancellation();
    const forward = () => remoteAbort.abort();
    call.signal.addEventListener('abort', forward);
    const finish = hedgeMs === 0 ? this.#context.history.unmeasured(call.size) : { local: false, remote: false };
    // With a placement before it, the time of a run that is given up would tell nothing of the surrogate.
    const placed = this.#context.host.route === 'proxy' || this.#context.host.tickets.peek(this.#context.spec) !== null;
    try {
      const sentMs = monotonicMs();
      const remote = this.#remote.run(call, remoteAbort);
      let answered = false;
      const hear = () => {
        answered = true;
      };
      // A failure is heard of below; here it must not be one that nobody handles.
      remote.then(hear, hear);
      const outcome = hedgeMs === 0 ? 'race' : await this.#untilLate(call, remote, hedgeMs);
      if (typeof outcome !== 'string') return await this.#settleRemote(call, outcome);
      const first = await this.#runBoth(call, remote, outcome, finish.local);
      if (first.ranOn.where === 'local' && finish.remote) this.#remote.hear(call, remote);
      else {
        if (first.ranOn.where === 'local' && placed && !answered)
          this.#context.history.gaveUpRemotely(monotonicMs() - sentMs, monotonicMs(), call.size);
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
    if (!this.#context.idempotent) return remote;
    const localMs = this.#context.history.localWorstMs(call.size);
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
    if (why !== 'race') this.#context.fallsBack(call, late.cause);
    const localAbort = new Cancellation();
    const forward = () => localAbort.abort();
    call.signal.addEventListener('abort', forward);
    const local = this.#local
      .run(call, localAbort)
      .then((settled) => (why === 'race' ? settled : { ...settled, ...late }));
    local.catch(() => {});
    const first = await Promise.race([
      remote.then((outcome) => {
        if (outcome.kind === 'ok') return this.#remote.accept(call, outcome);
        this.#remote.holdOff(outcome);
        return local;
      }),
      local,
    ]);
    if (!finishLocal) localAbort.abort();
    call.signal.removeEventListener('abort', forward);
    return first;
  }

  async #settleRemote(call: Call<A, S>, outcome: RemoteOutcome): Promise<Settled<R, S>> {
    if (outcome.kind === 'ok') return this.#remote.accept(call, outcome);
    const cause = outcome.kind === 'task-failed' ? outcome.problem.detail : outcome.cause;
    if (call.signal.aborted) throw this.#context.aborted();
    if (outcome.kind === 'task-failed' || (outcome.kind === 'unknown' && !this.#context.idempotent)) {
      throw failureOf(this.#context.what, outcome, cause, this.#context.idempotent);
    }
    this.#remote.holdOff(outcome);
    this.#context.fallsBack(call, cause);
    const reason = outcome.kind === 'region-says-local' ? 'region-says-local' : 'fallback';
    return { ...(await this.#local.run(call)), reason, cause };
  }
}
