import type { RuntimeId } from '../../lib/ports/contracts/config.ts';
import { type Acquired, AppPool, type Preparation } from './app-pool.ts';
import type { CpuHold } from './cpu-hold.ts';
import { neediest, preparedAhead } from './refill.ts';
import { Sandbox } from './sandbox.ts';
import type { Isolation, RuntimeCommand, SandboxFailure, SandboxSpec, Slot } from './types.ts';

interface Options {
  isolation: Isolation;
  hold: CpuHold;
  /** Command line of a runtime; asked for served ones only. */
  commandOf: (runtime: RuntimeId) => RuntimeCommand;
  /** CPU seconds per second of one core of this VM. */
  coreSpeed: number;
  maxOutputBytes: number;
  firstUid: number;
  marker: (slotIndex: number) => { name: string; value: string };
  /** Kept waiting for an idle app. */
  minWaiting: number;
  /** N: more than that are never kept waiting. */
  maxWaiting: number;
  /** Of this VM. */
  cores: number;
  /** Tasks that run now or wait for their sandbox. */
  running: () => number;
  /** An app that is not ready within this, from its start or from the moment a request waits for it, is killed; 30 s unless given. */
  prepareDeadlineMs?: number;
  /** Told when a sandbox is gone and its CPU can be read. */
  onGone: (sandbox: Sandbox) => void;
}

/** Memory beyond the app's own that a runtime needs which does not say. */
const runtimeMemoryMiB = 64;
const maxProcesses = 128;
/** Longest wait of a refill for the task that took the last one to answer, and for a burst that the waiting ones can serve to end. */
const refillDelayMs = 25;

/**
 * Prepared sandboxes per app, each used once. One waits for an idle app; under load as many as are used up while one is being
 * prepared (rate x preparation time) plus one. Refilling starts a moment after a take, so that the short task that took it is not held up
 * by the fork.
 *
 * Preparing ahead is not at the tasks' cost: on the cores that they leave, by turns between apps, worth little where CPU is short. One that
 * a request waits for is started at once and is worth as much as a task. Nothing is prepared ahead for an app that does not get ready or
 * whose runs end in being killed, so that it has the CPU of its place and no more.
 */
export class SandboxPool {
  readonly #options: Options;
  readonly #apps = new Map<string, AppPool>();
  readonly #freeSlots: Slot[] = [];
  #slots = 0;
  readonly #live = new Set<Sandbox>();
  #refill: NodeJS.Timeout | null = null;
  #refillDelayMs = 0;
  readonly #janitor: NodeJS.Timeout;
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#janitor = setInterval(() => this.#shrink(), 5_000);
    this.#janitor.unref();
  }

  /** Prepares one for an app that has not been asked for yet. */
  prewarm(spec: SandboxSpec): void {
    this.#app(spec);
    this.#scheduleRefill();
  }

  /** A task was answered: a good moment to fork. */
  answered(): void {
    if (this.#refill === null || this.#isLow()) this.#arm(1);
  }

  /**
   * A sandbox ready to run, from the waiting ones if there are any.
   *
   * @returns ends the wait of a request that has no use for one any more; nothing is got afterwards
   */
  acquire(spec: SandboxSpec, got: (outcome: Acquired) => void): () => void {
    const app = this.#app(spec);
    app.used();
    for (let next = app.waiting.shift(); next !== undefined; next = app.waiting.shift()) {
      if (!next.alive) continue;
      got({ ok: true, sandbox: next });
      this.#scheduleRefill();
      return () => {};
    }
    app.requests.push(got);
    this.#serve(app);
    this.#scheduleRefill();
    return () => {
      const at = app.requests.indexOf(got);
      if (at < 0) return;
      app.requests.splice(at, 1);
      app.match();
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#janitor);
    if (this.#refill !== null) clearTimeout(this.#refill);
    const live = [...this.#live];
    for (const sandbox of live) sandbox.kill({ kind: 'killed', detail: 'the surrogate is shutting down' });
    await Promise.all(live.map((sandbox) => sandbox.gone));
  }

  #app(spec: SandboxSpec): AppPool {
    let app = this.#apps.get(spec.digest);
    if (app === undefined) {
      app = new AppPool(spec);
      this.#apps.set(spec.digest, app);
    }
    return app;
  }

  /** Starts what requests wait for. */
  #serve(app: AppPool): void {
    for (let more = app.match(); more > 0; more--) void this.#start(app, true);
  }

  /** Below half of what is to wait, or with requests that wait themselves. */
  #isLow(): boolean {
    for (const app of this.#apps.values()) {
      const { requests, waiting, target } = app.stock(this.#options);
      if (requests > 0 || 2 * waiting < target) return true;
    }
    return false;
  }

  /** While enough are waiting, every take puts the refill off until the burst is over; else the first one counts. */
  #scheduleRefill(): void {
    if (this.#refill === null || !this.#isLow()) this.#arm(refillDelayMs);
  }

  #arm(delayMs: number): void {
    if (this.#closed) return;
    if (this.#refill !== null) {
      if (delayMs < refillDelayMs && this.#refillDelayMs <= delayMs) return;
      clearTimeout(this.#refill);
    }
    this.#refillDelayMs = delayMs;
    this.#refill = setTimeout(() => {
      this.#refill = null;
      this.#prepareNext();
    }, delayMs);
  }

  /** One fork per turn of the event loop: what came meanwhile is served between two of them. */
  #prepareNext(): void {
    let ahead = 0;
    for (const { starting } of this.#apps.values()) ahead += starting.filter(({ wanted }) => !wanted).length;
    if (ahead >= preparedAhead(this.#options.cores, this.#options.running())) return;
    const app = neediest(this.#apps.values(), (one) => one.stock(this.#options));
    if (app === null) return;
    void this.#start(app, false);
    this.#arm(1);
  }

  #shrink(): void {
    for (const [digest, app] of this.#apps) {
      const { target } = app.stock(this.#options);
      while (app.waiting.length > target) {
        app.waiting.pop()?.kill({ kind: 'killed', detail: 'not needed any more' });
      }
      if (target === 0 && app.idle) this.#apps.delete(digest);
    }
  }

  async #start(app: AppPool, wanted: boolean): Promise<void> {
    const preparation: Preparation = { wanted, sandbox: null, deadline: null };
    app.starting.push(preparation);
    const startedMs = performance.now();
    const launched = await this.#launch(app.spec, preparation);
    const failure = launched instanceof Sandbox ? await launched.ready : launched;
    if (preparation.deadline !== null) clearTimeout(preparation.deadline);
    app.starting.splice(app.starting.indexOf(preparation), 1);
    if (launched instanceof Sandbox && failure === null) {
      app.prepared(performance.now() - startedMs);
      launched.weigh('task');
      const request = app.requests.shift();
      if (request !== undefined) request({ ok: true, sandbox: launched });
      else app.waiting.push(launched);
    } else {
      if (launched instanceof Sandbox) launched.kill({ kind: 'killed', detail: 'never got ready' });
      const reason = failure ?? { kind: 'died' as const, detail: 'the sandbox could not be started' };
      app.failing = true;
      // Who waits for this one is told; nobody waiting means that the next request tries again, not a loop of ours.
      if (app.requests.length > app.starting.length) app.requests.shift()?.({ ok: false, failure: reason });
    }
    if (!this.#closed) this.#serve(app);
    if (this.#refill === null) this.#arm(1);
  }

  async #launch(spec: SandboxSpec, preparation: Preparation): Promise<Sandbox | SandboxFailure> {
    const { hold, isolation, marker, maxOutputBytes, coreSpeed, prepareDeadlineMs = 30_000 } = this.#options;
    const runtime = this.#options.commandOf(spec.runtime);
    const slot = this.#freeSlots.pop() ?? { index: this.#slots, uid: this.#options.firstUid + this.#slots++ };
    const limits = {
      cores: coreSpeed * spec.parallelism,
      memoryMiB: spec.memoryMiB + (runtime.overheadMiB ?? runtimeMemoryMiB),
      processes: maxProcesses,
    };
    try {
      const joinFiles = await hold.open(slot.index, limits);
      if (this.#closed) return { kind: 'killed', detail: 'the surrogate is shutting down' };
      hold.weigh(slot.index, preparation.wanted ? 'task' : 'spare');
      const sandbox = new Sandbox(
        { slot, spec, isolation, hold, runtime, limits, maxOutputBytes, marker: marker(slot.index) },
        joinFiles,
      );
      this.#live.add(sandbox);
      preparation.sandbox = sandbox;
      const late = { kind: 'load-error' as const, detail: `it was not ready within ${prepareDeadlineMs / 1000} s` };
      preparation.deadline = setTimeout(() => sandbox.kill(late), prepareDeadlineMs).unref();
      void sandbox.gone.then(() => this.#retire(sandbox));
      return sandbox;
    } catch (error) {
      this.#freeSlots.push(slot);
      return { kind: 'died', detail: `the sandbox could not be started: ${(error as Error).message}` };
    }
  }

  #retire(sandbox: Sandbox): void {
    this.#live.delete(sandbox);
    this.#freeSlots.push(sandbox.slot);
    const app = this.#apps.get(sandbox.spec.digest);
    if (app !== undefined) {
      app.waiting = app.waiting.filter((other) => other !== sandbox);
      if (sandbox.conduct !== 'unknown') app.unruly = sandbox.conduct === 'unruly';
    }
    this.#options.onGone(sandbox);
    if (this.#refill === null) this.#arm(1);
  }
}
