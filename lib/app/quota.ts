import { fullBucket, type TokenBucket, takeToken } from '../domain/dispatch/token-bucket.ts';

/** Seconds of its rate that a principal may use at once. */
const burstS = 1;
/** Principals idle this long are forgotten: their bucket is full again anyway. */
const forgetMs = 10_000;

/** Placements per principal and group. */
export interface Quotas {
  /** Takes one placement; 0 when granted, else milliseconds to wait. */
  take(principal: string, groupId: string, ratePerS: number, nowMs: number): number;
}

/** Token buckets in memory: each controller grants the whole rate, so that the bound over D controllers is D times as much. */
export function createQuotas(): Quotas {
  const buckets = new Map<string, TokenBucket>();
  let sweptAtMs = 0;
  const sweep = (nowMs: number): void => {
    sweptAtMs = nowMs;
    for (const [key, bucket] of buckets) if (nowMs - bucket.atMs > forgetMs) buckets.delete(key);
  };
  return {
    take(principal, groupId, ratePerS, nowMs) {
      if (nowMs - sweptAtMs > forgetMs) sweep(nowMs);
      const key = `${groupId}/${principal}`;
      const burst = Math.max(1, ratePerS * burstS);
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        bucket = fullBucket(burst, nowMs);
        buckets.set(key, bucket);
      }
      return takeToken(bucket, ratePerS, burst, nowMs);
    },
  };
}
