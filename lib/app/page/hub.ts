/*
 * Looks at the regions while somebody watches, and tells every watcher.
 *
 * Lifecycle: idle → first watcher: a look at once, then one after the other → last watcher gone: idle, everything forgotten. A look is
 * encoded once for all watchers. The pause after a look is a multiple of the processor time it took, so that watching costs at most a fixed
 * share of a core however many machines there are. A watcher that does not read is dropped; it comes back by itself.
 */
import type { DemoState, PageUpdate } from '../../ports/contracts/page.ts';
import type { Log } from '../../ports/log.ts';
import type { RegionView } from './region-view.ts';

export interface Watcher {
  /** @returns false when it has not read what it was sent so far */
  send(chunk: Uint8Array): boolean;
  end(): void;
}

export interface PageHub {
  watch(watcher: Watcher): () => void;
  /** Ends all watchers. */
  close(): void;
}

export interface PageHubDependencies {
  views: () => readonly RegionView[];
  demo: () => DemoState | null;
  /** Processor time that this process has used, ms: waiting for the store costs nobody anything. */
  cpuMs: () => number;
  log: Log;
}

/** Looks take at most one part in this many of the time. */
const restShare = 20;
const shortestPauseMs = 1_000;
const longestPauseMs = 5_000;

const encoder = new TextEncoder();
const encode = (update: PageUpdate): Uint8Array => encoder.encode(`data: ${JSON.stringify(update)}\n\n`);

export function createPageHub(deps: PageHubDependencies): PageHub {
  const watchers = new Set<Watcher>();
  /** Those who need all slots, not only the new ones. */
  const fresh = new Set<Watcher>();
  let looping = false;
  let wake: (() => void) | null = null;

  function drop(watcher: Watcher): void {
    watchers.delete(watcher);
    fresh.delete(watcher);
    watcher.end();
  }

  function tell(update: PageUpdate): void {
    let all: Uint8Array | null = null;
    let news: Uint8Array | null = null;
    for (const watcher of [...watchers]) {
      let chunk: Uint8Array;
      if (fresh.delete(watcher)) {
        all ??= encode({ ...update, slots: deps.views().flatMap((view) => view.history()) });
        chunk = all;
      } else {
        news ??= encode(update);
        chunk = news;
      }
      if (!watcher.send(chunk)) drop(watcher);
    }
  }

  async function loop(): Promise<void> {
    while (watchers.size > 0) {
      const beforeMs = deps.cpuMs();
      try {
        const looks = await Promise.all(deps.views().map((view) => view.look()));
        tell({
          regions: looks.map(({ region }) => region),
          slots: looks.flatMap(({ slots }) => slots),
          demo: deps.demo(),
        });
      } catch (error) {
        deps.log.warn('page: look failed', { error: error instanceof Error ? error.message : String(error) });
        const comment = encoder.encode(': the store does not answer\n\n');
        for (const watcher of [...watchers]) if (!watcher.send(comment)) drop(watcher);
      }
      const tookMs = deps.cpuMs() - beforeMs;
      await pause(Math.min(longestPauseMs, Math.max(shortestPauseMs, restShare * tookMs)));
    }
    for (const view of deps.views()) view.forget();
    // In the same breath as the last look at `watchers`: who comes next starts a loop of his own.
    looping = false;
  }

  /** Until the next look; a new watcher does not wait. */
  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      timer.unref();
      wake = done;
      function done() {
        clearTimeout(timer);
        wake = null;
        resolve();
      }
    });
  }

  return {
    watch(watcher) {
      watchers.add(watcher);
      fresh.add(watcher);
      wake?.();
      if (!looping) {
        looping = true;
        void loop();
      }
      return () => {
        watchers.delete(watcher);
        fresh.delete(watcher);
      };
    },
    close() {
      for (const watcher of [...watchers]) drop(watcher);
      wake?.();
    },
  };
}
