/** A token bucket; create with `fullBucket`. */
export interface TokenBucket {
  tokens: number;
  atMs: number;
}

export const fullBucket = (burst: number, nowMs: number): TokenBucket => ({ tokens: burst, atMs: nowMs });

/**
 * Takes one token, refilling for the time passed.
 *
 * @returns 0 when taken, else the milliseconds until one is there
 */
export function takeToken(bucket: TokenBucket, ratePerS: number, burst: number, nowMs: number): number {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  bucket.tokens = Math.min(burst, bucket.tokens + (ratePerS * elapsedMs) / 1000);
  bucket.atMs = Math.max(bucket.atMs, nowMs);
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return 0;
  }
  return ((1 - bucket.tokens) / ratePerS) * 1000;
}
