import type { Stock } from './refill.ts';
import type { Sandbox } from './sandbox.ts';
import type { SandboxFailure, SandboxSpec } from './types.ts';

export type Acquired = { ok: true; sandbox: Sandbox } | { ok: false; failure: SandboxFailure };

/** A sandbox that is being prepared. */
export interface Preparation {
  /** A request waits for it: it is worth as much as a task. */
  wanted: boolean;
  sandbox: Sandbox | null;
  deadline: NodeJS.Timeout | null;
}

/** An app unused for this long keeps no sandbox. */
const forgetMs = 600_000;
const smoothingS = 2;

/** One app's prepared sandboxes, those on their way, and the requests that wait for them. */
export class AppPool {
  readonly spec: SandboxSpec;
  waiting: Sandbox[] = [];
  readonly starting: Preparation[] = [];
  readonly requests: ((outcome: Acquired) => void)[] = [];
  /** The last preparation came to nothing: none ahead of requests until one succeeds. */
  failing = false;
  /** The last run that ended by its own doing died or flooded its channels: none ahead of requests until one answers. */
  unruly = false;
  #lastUsedMs = performance.now();
  /** Exponentially weighted runs per second. */
  #ratePerS = 0;
  /** The same of the time to prepare one. */
  #prepareS = 0.1;

  constructor(spec: SandboxSpec) {
    this.spec = spec;
  }

  used(): void {
    const now = performance.now();
    const decay = Math.exp(-(now - this.#lastUsedMs) / 1000 / smoothingS);
    this.#ratePerS = this.#ratePerS * decay + 1 / smoothingS;
    this.#lastUsedMs = now;
  }

  /** @param tookMs from its start to its readiness */
  prepared(tookMs: number): void {
    this.failing = false;
    this.#prepareS = 0.8 * this.#prepareS + 0.2 * (tookMs / 1000);
  }

  stock(bounds: { minWaiting: number; maxWaiting: number }): Stock {
    return {
      waiting: this.waiting.length,
      starting: this.starting.length,
      requests: this.requests.length,
      target: this.#target(bounds),
    };
  }

  get idle(): boolean {
    return this.waiting.length + this.starting.length + this.requests.length === 0;
  }

  /** As many of those that are starting are wanted as requests wait. Answers how many more must be started for them. */
  match(): number {
    let owed = this.requests.length;
    for (const preparation of this.starting) {
      const wanted = owed > 0;
      if (wanted) owed -= 1;
      if (wanted === preparation.wanted) continue;
      preparation.wanted = wanted;
      preparation.sandbox?.weigh(wanted ? 'task' : 'spare');
      // What it had of its time it may have spent waiting for the CPU.
      if (wanted) preparation.deadline?.refresh();
    }
    return owed;
  }

  #target({ minWaiting, maxWaiting }: { minWaiting: number; maxWaiting: number }): number {
    const sinceS = (performance.now() - this.#lastUsedMs) / 1000;
    if (this.failing || this.unruly || sinceS * 1000 > forgetMs) return 0;
    const ratePerS = this.#ratePerS * Math.exp(-sinceS / smoothingS);
    // A single call leaves a rate of 1/smoothing behind: below that the app is idle.
    const needed = ratePerS <= 1 / smoothingS ? 1 : Math.ceil(ratePerS * this.#prepareS) + 1;
    return Math.min(Math.max(needed, minWaiting), Math.max(1, maxWaiting));
  }
}
