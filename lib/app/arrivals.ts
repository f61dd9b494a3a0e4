/**
 * Arrivals per pool and minute, counted in memory and flushed to the store in the shard of this process. What is not flushed
 * when a process is killed is lost: at most one flush interval of counts, never a request.
 */
import type { ArrivalCount, ArrivalStore } from '../ports/state-store.ts';

const minuteMs = 60_000;
/** Time constant of the rate estimate. */
const rateWindowMs = 10_000;

export interface Arrivals {
  /** A placement request reached the pool. */
  arrived(poolId: string, nowMs: number): void;
  refused(poolId: string, nowMs: number): void;
  /** A response time as measured by a proxy or reported. */
  responded(poolId: string, responseMs: number, nowMs: number): void;
  /** Requests per second seen by this process, exponentially weighted over ten seconds. */
  ratePerS(poolId: string, nowMs: number): number;
  /** Writes what has gathered if the last flush is older than `intervalMs`; failures keep the counts. */
  flushIfDue(nowMs: number, intervalMs?: number): Promise<void>;
}

export function createArrivals(store: ArrivalStore, shard: string): Arrivals {
  let counts = new Map<string, ArrivalCount>();
  const rates = new Map<string, { perMs: number; atMs: number }>();
  let flushedAtMs = 0;
  let flushing: Promise<void> | null = null;

  const row = (poolId: string, nowMs: number): ArrivalCount => {
    const minuteStartMs = Math.floor(nowMs / minuteMs) * minuteMs;
    const key = `${poolId}@${minuteStartMs}`;
    let count = counts.get(key);
    if (count === undefined) {
      count = { poolId, minuteStartMs, count: 0, refused: 0, responseCount: 0, responseSumMs: 0 };
      counts.set(key, count);
    }
    return count;
  };

  const flush = async (): Promise<void> => {
    const pending = counts;
    counts = new Map();
    for (const [key, count] of pending) {
      try {
        await store.addArrivals(shard, [count]);
        pending.delete(key);
      } catch (error) {
        for (const [lateKey, late] of pending) merge(counts, lateKey, late);
        throw error;
      }
    }
  };

  return {
    arrived(poolId, nowMs) {
      row(poolId, nowMs).count++;
      const rate = rates.get(poolId) ?? { perMs: 0, atMs: nowMs };
      const decay = Math.exp(-Math.max(0, nowMs - rate.atMs) / rateWindowMs);
      rates.set(poolId, { perMs: rate.perMs * decay + 1 / rateWindowMs, atMs: nowMs });
    },
    refused(poolId, nowMs) {
      row(poolId, nowMs).refused++;
    },
    responded(poolId, responseMs, nowMs) {
      const count = row(poolId, nowMs);
      count.responseCount++;
      count.responseSumMs += responseMs;
    },
    ratePerS(poolId, nowMs) {
      const rate = rates.get(poolId);
      if (rate === undefined) return 0;
      return 1000 * rate.perMs * Math.exp(-Math.max(0, nowMs - rate.atMs) / rateWindowMs);
    },
    async flushIfDue(nowMs, intervalMs = 1_000) {
      if (flushing !== null) return flushing;
      if (nowMs - flushedAtMs < intervalMs || counts.size === 0) return;
      flushedAtMs = nowMs;
      flushing = flush().finally(() => {
        flushing = null;
      });
      return flushing;
    },
  };
}

function merge(into: Map<string, ArrivalCount>, key: string, late: ArrivalCount): void {
  const count = into.get(key);
  if (count === undefined) {
    into.set(key, late);
    return;
  }
  count.count += late.count;
  count.refused += late.refused;
  count.responseCount += late.responseCount;
  count.responseSumMs += late.responseSumMs;
}
