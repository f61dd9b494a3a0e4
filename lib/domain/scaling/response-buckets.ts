/**
 * Response times as counts in buckets that grow by a fixed ratio: small enough for a heartbeat, and two of them subtract to what
 * happened in between, which percentiles themselves do not.
 */
export type ResponseBuckets = Record<string, number>;

/** Each bucket ends this much above where it begins; interpolation inside keeps a quantile within a few percent. */
const ratio = 1.15;
const logRatio = Math.log(ratio);
/** An hour: the longest deadline of a task. */
const lastBucket = 109;

/** Adds one response of `ms` milliseconds. */
export function countResponse(buckets: ResponseBuckets, ms: number): void {
  const bucket = Math.min(lastBucket, Math.max(0, Math.floor(Math.log(Math.max(1, ms)) / logRatio)));
  buckets[bucket] = (buckets[bucket] ?? 0) + 1;
}

/** What `now` has more than `before`, each response longer by `networkMs`; added to `into`. */
export function addDifference(
  into: ResponseBuckets,
  before: ResponseBuckets | undefined,
  now: ResponseBuckets,
  networkMs: number,
): void {
  for (const [bucket, count] of Object.entries(now)) {
    const more = count - (before?.[bucket] ?? 0);
    if (more <= 0) continue;
    const middleMs = ratio ** (Number(bucket) + 0.5) + networkMs;
    const shifted = networkMs === 0 ? bucket : String(Math.min(lastBucket, Math.floor(Math.log(middleMs) / logRatio)));
    into[shifted] = (into[shifted] ?? 0) + more;
  }
}

/** The `q`-quantile in milliseconds, linear inside its bucket; null when nothing was counted. */
export function quantileMs(buckets: ResponseBuckets, q: number): number | null {
  const entries = Object.entries(buckets)
    .map(([bucket, count]) => [Number(bucket), count] as const)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => a - b);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  let left = q * total;
  for (const [bucket, count] of entries) {
    if (left <= count) return ratio ** bucket * (1 + (ratio - 1) * (left / count));
    left -= count;
  }
  return ratio ** (entries.at(-1)![0] + 1);
}
