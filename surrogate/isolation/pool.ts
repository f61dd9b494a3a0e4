import type { RuntimeId } from '../../lib/ports/contracts/config.ts';
import type { CpuHold } from './cpu-hold.ts';
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
  /** Told when a sandbox is gone and its CPU can be read. */
  onGone: (sandbox: Sandbox) => void;
}

interface AppPool {
  spec: SandboxSpec;
  waiting: Sandbox[];
  starting: number;
  requests: ((outcome: Acquired) => void)[];
  lastUsedMs: number;
  /** Exponentially weighted runs per second. */
  ratePerS: number;
  /** The same of the time to prepare one. */
  prepareS: number;
}

export type Acquired = { ok: true; sandbox: Sandbox } | { ok: false; failure: SandboxFailure };

/** Memory beyond the app's own that a runtime needs which does not say. */
const runtimeMemoryMiB = 64;
const maxProcesses = 128;
/** Longest wait of a refill for the task that took the last one to answer, and for a burst that the waiting ones can serve to end. */
const refillDelayMs = 25;
/** An app unused for this long keeps no sandbox. */
const forgetMs = 600_000;
const smoothingS = 2;

/**
 * Prepared sandboxes per app, each used once. One waits for an idle app; under load as many as are used up while one is being
 * prepared (rate x preparation time) plus one. Refilling starts a moment after a take, so that the short task that took it is not held up
 * by the fork.
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

  /** Sandboxes of the app that wait for a request. */
  waiting(digest: string): number {
    return this.#apps.get(digest)?.waiting.length ?? 0;
  }

  /** Prepares one for an app that has not been asked for yet. */
  prewarm(spec: SandboxSpec): void {
    this.#app(spec);
    this.#scheduleRefill();
  }

  /** A task was answered: a good moment to fork. */
  answered(): void {
    if (this.#refill !== null && this.#isLow()) this.#arm(1);
  }

  /** A sandbox ready to run, from the waiting ones if there are any. */
  acquire(spec: SandboxSpec, got: (outcome: Acquired) => void): void {
    const app = this.#app(spec);
    this.#count(app);
    for (let next = app.waiting.shift(); next !== undefined; next = app.waiting.shift()) {
      if (!next.alive) continue;
      this.#scheduleRefill();
      got({ ok: true, sandbox: next });
      return;
    }
    app.requests.push(got);
    if (app.starting < app.requests.length) void this.#start(app);
    this.#scheduleRefill();
  }

  /** Takes back a sandbox that was acquired and sent nothing. */
  giveBack(sandbox: Sandbox): void {
    const app = this.#apps.get(sandbox.spec.digest);
    if (app === undefined || !sandbox.alive) return;
    const request = app.requests.shift();
    if (request !== undefined) request({ ok: true, sandbox });
    else app.waiting.push(sandbox);
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
      app = { spec, waiting: [], starting: 0, requests: [], lastUsedMs: performance.now(), ratePerS: 0, prepareS: 0.1 };
      this.#apps.set(spec.digest, app);
    }
    return app;
  }

  #count(app: AppPool): void {
    const now = performance.now();
    const decay = Math.exp(-(now - app.lastUsedMs) / 1000 / smoothingS);
    app.ratePerS = app.ratePerS * decay + 1 / smoothingS;
    app.lastUsedMs = now;
  }

  #target(app: AppPool): number {
    const sinceS = (performance.now() - app.lastUsedMs) / 1000;
    if (sinceS * 1000 > forgetMs) return 0;
    const ratePerS = app.ratePerS * Math.exp(-sinceS / smoothingS);
    // A single call leaves a rate of 1/smoothing behind: below that the app is idle.
    const needed = ratePerS <= 1 / smoothingS ? 1 : Math.ceil(ratePerS * app.prepareS) + 1;
    const { minWaiting, maxWaiting } = this.#options;
    return Math.min(Math.max(needed, minWaiting), Math.max(1, maxWaiting));
  }

  /** Below half of what is to wait, or with requests that wait themselves. */
  #isLow(): boolean {
    for (const app of this.#apps.values()) {
      if (app.requests.length > 0 || 2 * app.waiting.length < this.#target(app)) return true;
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
      for (const app of this.#apps.values()) {
        const missing = this.#target(app) + app.requests.length - app.waiting.length - app.starting;
        for (let i = 0; i < missing; i++) void this.#start(app);
      }
    }, delayMs);
  }

  #shrink(): void {
    for (const [digest, app] of this.#apps) {
      const target = this.#target(app);
      while (app.waiting.length > target) {
        app.waiting.pop()?.kill({ kind: 'killed', detail: 'not needed any more' });
      }
      if (target === 0 && app.waiting.length + app.starting + app.requests.length === 0) this.#apps.delete(digest);
    }
  }

  async #start(app: AppPool): Promise<void> {
    app.starting += 1;
    const startedMs = performance.now();
    const launched = await this.#launch(app.spec);
    const failure = launched instanceof Sandbox ? await launched.ready : launched;
    app.starting -= 1;
    if (failure !== null || !(launched instanceof Sandbox)) {
      if (launched instanceof Sandbox) launched.kill({ kind: 'killed', detail: 'never got ready' });
      const reason = failure ?? { kind: 'died' as const, detail: 'the sandbox could not be started' };
      // Whoever waits is told; nobody waiting means that the next request tries again, not a loop of ours.
      app.requests.shift()?.({ ok: false, failure: reason });
      return;
    }
    app.prepareS = 0.8 * app.prepareS + 0.2 * ((performance.now() - startedMs) / 1000);
    const request = app.requests.shift();
    if (request !== undefined) request({ ok: true, sandbox: launched });
    else app.waiting.push(launched);
  }

  async #launch(spec: SandboxSpec): Promise<Sandbox | SandboxFailure> {
    const { hold, isolation, marker, maxOutputBytes, coreSpeed } = this.#options;
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
      const sandbox = new Sandbox(
        { slot, spec, isolation, hold, runtime, limits, maxOutputBytes, marker: marker(slot.index) },
        joinFiles,
      );
      this.#live.add(sandbox);
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
    if (app !== undefined) app.waiting = app.waiting.filter((other) => other !== sandbox);
    this.#options.onGone(sandbox);
  }
}
