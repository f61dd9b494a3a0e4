import type { CancelSignal } from './cancellation.ts';
import { monotonicMs } from './clock.ts';
import type { Region } from './regions.ts';

/** Silence after which the next region is asked too. */
const leastStaggerMs = 250;

export interface RaceOptions<T> {
  /** Whether an outcome ends the race. */
  usable: (outcome: T) => boolean;
  /** From now; the last region is asked before half of it is over, however many there are. */
  budgetMs: number;
  signal: CancelSignal;
}

/**
 * Asks the regions in turn; when one fails or stays silent for a moment the next is asked as well.
 *
 * @returns the first usable outcome, else the last one when all are in; null when the time is over or nobody was asked
 */
export function raceRegions<T>(
  order: readonly Region[],
  ask: (region: Region) => Promise<T>,
  { usable, budgetMs, signal }: RaceOptions<T>,
): Promise<T | null> {
  return new Promise((resolve) => {
    const startMs = monotonicMs();
    let next = 0;
    let open = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const finish = (outcome: T | null) => {
      clearTimeout(timer);
      clearTimeout(end);
      resolve(outcome);
    };
    const end = setTimeout(() => finish(null), Math.max(0, budgetMs));
    const longestStaggerMs = budgetMs / 2 / order.length;
    const start = () => {
      clearTimeout(timer);
      const region = order[next];
      if (region === undefined || monotonicMs() - startMs >= budgetMs) return;
      next += 1;
      open += 1;
      const staggerMs = Math.max(leastStaggerMs, 4 * (region.rttMs ?? 0));
      timer = setTimeout(start, Math.min(staggerMs, longestStaggerMs));
      void ask(region).then((outcome) => {
        open -= 1;
        if (usable(outcome)) finish(outcome);
        else if (next < order.length && !signal.aborted) start();
        else if (open === 0) finish(outcome);
      });
    };
    if (order.length === 0) finish(null);
    else start();
  });
}
