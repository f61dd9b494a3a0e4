import type { TaskRequest } from '../../../lib/ports/contracts/wire.ts';
import type { Call, MethodContext, Settled } from './call-context.ts';
import { failureOf } from './call-failure.ts';
import type { CancelSignal } from './cancellation.ts';
import { monotonicMs, sleep } from './clock.ts';
import { decodePayload, encodeArguments, encodePayload } from './payload.ts';
import { faultsOfTheCall, type RemoteOutcome, type RemoteSuccess } from './remote.ts';

/** Waiting and handing on beyond this share of the run itself: the ticket's VMs are crowded. */
const crowdedShare = 0.5;
/** After a failure of the remote side nobody waits for it again for this long, unless it said when. */
const holdOffMs = 1_000;
const longestHoldOffMs = 30_000;

/** A method on the surrogates. */
export class RemoteSide<A, R, S> {
  readonly #context: MethodContext;
  /** Whether there is a local run to weigh it against. */
  readonly #weighed: boolean;
  /** Made ahead, each used once. */
  #nextId: string | null = null;

  constructor(context: MethodContext, weighed: boolean) {
    this.#context = context;
    this.#weighed = weighed;
  }

  /** An id that no request had before. */
  takeId(): string {
    const id = this.#nextId ?? randomId();
    this.#nextId = null;
    return id;
  }

  run(call: Call<A, S>, signal: CancelSignal): Promise<RemoteOutcome> {
    let task: string;
    try {
      task = JSON.stringify({
        requestId: call.requestId,
        method: this.#context.name,
        args: encodeArguments(call.args),
        ...(call.state === undefined ? {} : { state: encodePayload(call.state) }),
      } satisfies TaskRequest);
    } catch (error) {
      const cause = `arguments and state must be JSON or a Uint8Array: ${(error as Error).message}`;
      return Promise.resolve({ kind: 'unavailable', cause, retryAfterMs: null, problem: 'invalid-request' });
    }
    const outcome = this.#context.host.run({
      spec: this.#context.spec,
      method: this.#context.name,
      task,
      idempotent: this.#context.idempotent,
      localEstimateMs: call.forced || !this.#weighed ? null : this.#context.history.localMs(call.size),
      runMs: this.#context.history.runMs(call.size),
      endsAtMs: call.endsAtMs,
      signal,
      caller: call.signal,
      attempted: (attempt) => this.#context.attempted(call, attempt),
    });
    // The request is on its way: time for what can wait.
    this.#context.history.settle();
    this.#nextId ??= randomId();
    return outcome;
  }

  accept(call: Call<A, S>, outcome: RemoteSuccess): Settled<R, S> {
    const { response, t1Ms, t2Ms } = outcome;
    const { queueMs, cloudMs, handoffMs } = response.timings;
    if (queueMs + handoffMs > crowdedShare * cloudMs) this.#context.host.tickets.refresh(this.#context.spec);
    this.#context.history.ranRemotely(outcome, monotonicMs(), call.size);
    return {
      result: decodePayload(response.result) as R,
      state: response.state === undefined ? undefined : (decodePayload(response.state) as S),
      ranOn: { where: 'remote', region: outcome.region, vmId: response.vmId, hops: response.hops },
      timings: { t1Ms, t2Ms, cloudMs, queueMs, handoffMs, localMs: 0 },
    };
  }

  /** Learns of a remote run that nobody waits for. */
  hear(call: Call<A, S>, remote: Promise<RemoteOutcome>): void {
    this.#context.history.awaits(call.size);
    void remote.then((outcome) => {
      this.#context.history.heard(call.size);
      if (outcome.kind === 'ok') this.#context.history.ranRemotely(outcome, monotonicMs(), call.size);
      else this.holdOff(outcome);
    });
  }

  holdOff(outcome: RemoteOutcome): void {
    if (outcome.kind === 'ok' || outcome.kind === 'task-failed' || this.#context.host.closing.closed) return;
    // It was this call that no surrogate takes; the next may be another matter.
    if (outcome.kind === 'unavailable' && outcome.problem !== null && faultsOfTheCall.has(outcome.problem)) return;
    const retryAfterMs = outcome.kind === 'unknown' ? null : outcome.retryAfterMs;
    this.#context.history.heldUntilMs = monotonicMs() + Math.min(retryAfterMs || holdOffMs, longestHoldOffMs);
  }

  /** Without a local implementation a refusal is waited out as long as the deadline allows. */
  async only(call: Call<A, S>): Promise<Settled<R, S>> {
    for (;;) {
      const outcome = await this.run(call, call.signal);
      if (outcome.kind === 'ok') return this.accept(call, outcome);
      if (call.signal.aborted) throw this.#context.aborted();
      const cause = outcome.kind === 'task-failed' ? outcome.problem.detail : outcome.cause;
      const waitMs =
        outcome.kind === 'unavailable' || outcome.kind === 'region-says-local' ? outcome.retryAfterMs : null;
      const delayMs = Math.max(50, waitMs ?? 0);
      if (waitMs === null || monotonicMs() + delayMs >= call.endsAtMs)
        throw failureOf(this.#context.what, outcome, cause, this.#context.idempotent);
      await sleep(delayMs, call.signal);
      if (call.signal.aborted) throw this.#context.aborted();
    }
  }
}

/** About 128 random bits; the proof against a second run rests on ids being unique. */
function randomId(): string {
  // Browsers offer it on https pages only; in Node it is much the faster.
  const source = (globalThis as { crypto?: Partial<Crypto> }).crypto;
  if (typeof source?.randomUUID === 'function') return source.randomUUID();
  const bytes = new Uint8Array(16);
  if (typeof source?.getRandomValues === 'function') source.getRandomValues(bytes);
  // React Native has no such source at all. Ids need to be unique, not secret: nobody runs or reads a task by its id.
  else for (let i = 0; i < bytes.length; i += 1) bytes[i] = Math.floor(Math.random() * 256);
  let id = '';
  for (const byte of bytes) id += (byte + 256).toString(16).slice(1);
  return id;
}
