/** Counters of one minute as the store has them; still growing while the minute is young. */
export interface MinuteCounters {
  minuteStartMs: number;
  count: number;
  refused: number;
  responseCount: number;
  responseSumMs: number;
}

/** What was already counted, so that slots of any length see each arrival once. Plain JSON. */
export interface ArrivalCursor {
  atMs: number;
  seen: MinuteCounters[];
}

/** What happened between two looks at the counters. */
export interface ArrivalWindow {
  fromMs: number;
  toMs: number;
  arrivals: number;
  refused: number;
  arrivalRatePerS: number;
  responseCount: number;
  /** Null: nobody reported one. */
  meanResponseMs: number | null;
}

/** Late flushes of controllers still reach a minute this long after its end. */
export const lateFlushMs = 120_000;
const minuteMs = 60_000;

/** Where counting starts when nothing was counted before. Counters are per minute: one that was half over would be taken for what came since. */
export const freshCursor = (sinceMs: number): ArrivalCursor => ({
  atMs: Math.floor(sinceMs / minuteMs) * minuteMs,
  seen: [],
});

/**
 * The difference to the last look. Counters are per minute but a local slot is shorter, so minutes are compared, not summed.
 *
 * @param rows the minutes since `lateFlushMs` before the cursor; older ones are ignored
 */
export function advanceArrivals(
  cursor: ArrivalCursor,
  rows: readonly MinuteCounters[],
  nowMs: number,
): { cursor: ArrivalCursor; window: ArrivalWindow } {
  const seen = new Map(cursor.seen.map((m) => [m.minuteStartMs, m]));
  const total = { count: 0, refused: 0, responseCount: 0, responseSumMs: 0 };
  // Minutes older than what `seen` remembers were counted before it forgot them.
  const oldest = cursor.atMs - (cursor.seen.length === 0 ? 0 : lateFlushMs);
  const minutes = merge(rows.filter((row) => row.minuteStartMs + minuteMs > oldest));
  for (const row of minutes) {
    const before = seen.get(row.minuteStartMs);
    total.count += Math.max(0, row.count - (before?.count ?? 0));
    total.refused += Math.max(0, row.refused - (before?.refused ?? 0));
    total.responseCount += Math.max(0, row.responseCount - (before?.responseCount ?? 0));
    total.responseSumMs += Math.max(0, row.responseSumMs - (before?.responseSumMs ?? 0));
  }
  const spanS = Math.max(0.001, (nowMs - cursor.atMs) / 1000);
  return {
    cursor: { atMs: nowMs, seen: minutes.filter((m) => m.minuteStartMs + minuteMs > nowMs - lateFlushMs) },
    window: {
      fromMs: cursor.atMs,
      toMs: nowMs,
      arrivals: total.count,
      refused: total.refused,
      arrivalRatePerS: total.count / spanS,
      responseCount: total.responseCount,
      meanResponseMs: total.responseCount > 0 ? total.responseSumMs / total.responseCount : null,
    },
  };
}

/** Sums rows of the same minute (one per writer). */
function merge(rows: readonly MinuteCounters[]): MinuteCounters[] {
  const byMinute = new Map<number, MinuteCounters>();
  for (const row of rows) {
    const sum = byMinute.get(row.minuteStartMs);
    byMinute.set(row.minuteStartMs, {
      minuteStartMs: row.minuteStartMs,
      count: row.count + (sum?.count ?? 0),
      refused: row.refused + (sum?.refused ?? 0),
      responseCount: row.responseCount + (sum?.responseCount ?? 0),
      responseSumMs: row.responseSumMs + (sum?.responseSumMs ?? 0),
    });
  }
  return [...byMinute.values()].sort((a, b) => a.minuteStartMs - b.minuteStartMs);
}
