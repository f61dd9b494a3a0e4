import type { Attempt, LocalContext, LocalImplementation } from './api.ts';
import type { Call, MethodContext, Settled } from './call-context.ts';
import { type CancelSignal, toAbortSignal } from './cancellation.ts';
import { monotonicMs } from './clock.ts';

/** A method on this device. */
export class LocalSide<A, R, S> {
  readonly #context: MethodContext;
  readonly #implementation: LocalImplementation<R>;

  constructor(context: MethodContext, implementation: LocalImplementation<R>) {
    this.#context = context;
    this.#implementation = implementation;
  }

  async run(call: Call<A, S>, signal: CancelSignal = call.signal): Promise<Settled<R, S>> {
    const following = toAbortSignal(signal);
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
