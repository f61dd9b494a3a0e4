import type { Sandbox } from './sandbox.ts';

/** Without a request for this long, a finished sandbox is taken apart; the next one of a device that waits for its answer comes sooner. */
const quietMs = 8;
/** One after the other while it stays quiet. */
const stepMs = 2;
/** No sandbox outlives its task by more. */
const mostMs = 50;

interface Finished {
  sinceMs: number;
  sandbox: Sandbox;
}

/**
 * Finished sandboxes on their way out. Taking one apart (the memory of a runtime, the exit's signals and descriptors) keeps both the agent
 * and a CPU busy for about a millisecond, and a device that has its answer often asks again at once: it would wait for that. So they end
 * in the gaps between requests.
 *
 * Their runner waits without using CPU; what an app left running beside it has these few ms more, under the same limits as before. They
 * keep no place; together with the running ones they are never more than N, so that the memory N was chosen for suffices.
 */
export class Dismantler {
  readonly #sharingLimit: number;
  readonly #running: () => number;
  readonly #finished: Finished[] = [];
  #timer: NodeJS.Timeout | null = null;
  #lastMs = 0;

  /** @param running tasks that run now */
  constructor(options: { sharingLimit: number; running: () => number }) {
    this.#sharingLimit = options.sharingLimit;
    this.#running = options.running;
  }

  /** A task begins: older sandboxes leave where the places are needed. */
  begun(): void {
    if (this.#finished.length === 0) return;
    this.#lastMs = performance.now();
    while (this.#finished.length > 0 && this.#running() + this.#finished.length > this.#sharingLimit) this.#endOldest();
  }

  /** Takes over the sandbox of a finished task whose place was given back. */
  retire(sandbox: Sandbox): void {
    const nowMs = performance.now();
    this.#lastMs = nowMs;
    if (this.#running() + this.#finished.length >= this.#sharingLimit) {
      setImmediate(() => end(sandbox));
      return;
    }
    this.#finished.push({ sinceMs: nowMs, sandbox });
    this.#arm(quietMs);
  }

  #arm(delayMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#work();
    }, delayMs).unref();
  }

  #work(): void {
    const nowMs = performance.now();
    if (nowMs >= this.#lastMs + quietMs) this.#endOldest();
    while (this.#finished.length > 0 && nowMs >= this.#finished[0]!.sinceMs + mostMs) this.#endOldest();
    const [oldest] = this.#finished;
    if (oldest === undefined) return;
    const leftMs = Math.min(this.#lastMs + quietMs, oldest.sinceMs + mostMs) - nowMs;
    this.#arm(Math.max(stepMs, leftMs));
  }

  #endOldest(): void {
    const oldest = this.#finished.shift();
    if (oldest !== undefined) end(oldest.sandbox);
  }
}

const end = (sandbox: Sandbox): void => sandbox.kill({ kind: 'killed', detail: 'finished' });
