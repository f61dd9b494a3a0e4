import type { Attempt, LocalContext, LocalImplementation } from './api.ts';
import type { Call, MethodContext, Settled } from './call-context.ts';
import { Cancellation, type CancelSignal, toAbortSignal } from './cancellation.ts';
import { monotonicMs } from './clock.ts';
import { OffloadError } from './errors.ts';

/** A method on this device. */
export class LocalSide<A, R, S> {
  readonly #context: MethodContext;
  readonly #implementation: LocalImplementation<R>;

  constructor(context: MethodContext, implementation: LocalImplementation<R>) {
    this.#context = context;
    this.#implementation = implementation;
  }

  /**
   * Ends as soon as the result is not wanted any more, or the caller's deadline has passed, even where the implementation goes on: it
   * is only told. One that blocks its thread has its result taken whenever it comes.
   *
   * @throws OffloadError `aborted`, `closed`, `deadline-exceeded`, and whatever the implementation throws
   */
  async run(call: Call<A, S>, signal: CancelSignal = call.signal): Promise<Settled<R, S>> {
    if (signal.aborted) throw this.#context.aborted();
    const unwanted = new Cancellation();
    const running = this.#toItsEnd(call, unwanted);
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const giveUp = (error: OffloadError) =>
        finish(() => {
          unwanted.abort();
          reject(error);
        });
      const onAbort = () => giveUp(this.#context.aborted());
      const leftMs = call.localEndsAtMs - monotonicMs();
      const late = `${this.#context.what}: the device had no result within ${Math.round(call.localEndsAtMs - call.startMs)} ms`;
      const timer =
        leftMs === Number.POSITIVE_INFINITY
          ? undefined
          : setTimeout(() => giveUp(new OffloadError('deadline-exceeded', late)), Math.max(1, leftMs));
      signal.addEventListener('abort', onAbort);
      running.then(
        (settled) => finish(() => resolve(settled)),
        (error) => finish(() => reject(error)),
      );
    });
  }

  async #toItsEnd(call: Call<A, S>, unwanted: CancelSignal): Promise<Settled<R, S>> {
    const following = toAbortSignal(unwanted);
    const context: LocalContext<S> = { state: call.state, signal: following.signal };
    const history = this.#context.history;
    const startMs = monotonicMs();
    const alone = history.localRunning === 0;
    history.localRunning += 1;
    try {
      const args: readonly unknown[] = Array.isArray(call.args) ? call.args : [call.args];
      const result = await (this.#implementation as (...args: unknown[]) => R | Promise<R>)(...args, context);
      const localMs = monotonicMs() - startMs;
      // Runs that shared the device measured the crowd, not the method.
      if (alone && history.localRunning === 1) history.ranLocally(localMs, monotonicMs(), call.size);
      this.#context.attempted(call, deviceAttempt('ok', null, localMs));
      const timings = { t1Ms: 0, t2Ms: 0, cloudMs: 0, queueMs: 0, handoffMs: 0, localMs };
      return { result, state: context.state, ranOn: { where: 'local' }, timings };
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.#context.attempted(call, deviceAttempt('failed', detail, monotonicMs() - startMs));
      throw error;
    } finally {
      history.localRunning -= 1;
      following.release();
    }
  }
}

function deviceAttempt(outcome: 'ok' | 'failed', detail: string | null, ms: number): Attempt {
  return { where: 'local', target: 'device', region: null, outcome, detail, ms };
}
