/** One app's sandboxes, counted. */
export interface Stock {
  /** Prepared, unused. */
  waiting: number;
  starting: number;
  /** Requests that wait for one of those that are starting. */
  requests: number;
  /** To be kept waiting. */
  target: number;
}

/** What is still to be started for an app. */
const missing = (app: Stock): number => app.target + app.requests - app.waiting - app.starting;

/**
 * The app whose sandbox is prepared next when no request asks for it: of those that lack any the one with the fewest starting, then the
 * emptiest. An app that uses up sandboxes without end thus takes its share of the preparing, not everybody's.
 *
 * @returns null when none lacks any
 */
export function neediest<T>(apps: Iterable<T>, stockOf: (app: T) => Stock): T | null {
  let found: { app: T; stock: Stock } | null = null;
  for (const app of apps) {
    const stock = stockOf(app);
    if (missing(stock) > 0 && (found === null || isNeedier(stock, found.stock))) found = { app, stock };
  }
  return found?.app ?? null;
}

function isNeedier(a: Stock, b: Stock): boolean {
  if (a.starting !== b.starting) return a.starting < b.starting;
  return missing(a) * b.target > missing(b) * a.target;
}

/**
 * Sandboxes prepared at once that no request waits for: one per core that runs no task, and always one. (The VM's quota is one for all:
 * who prepares on more than those takes from the tasks, whatever the weights. With a core less, an app that used up its stock beside a
 * busy one waited for sandboxes, at up to eight times its own p99.)
 */
export const preparedAhead = (cores: number, running: number): number => Math.max(1, Math.floor(cores) - running);
