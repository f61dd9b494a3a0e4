/**
 * Occupancy of a VM as its controllers know it, without a write when a task ends.
 *
 * A controller counts the reservations it issues in short buckets of their issue time; the VM reports how many it has
 * claimed of each bucket, beside what is running and waiting. A reservation that nobody claims falls out with its bucket.
 * Late reports err on the safe side: a claim not yet reported still counts as issued, an end not yet reported as running.
 */

/** Count per bucket; the key is floor(issue time / bucketMs). */
export type BucketCounts = Readonly<Record<string, number>>;

/** How reservations are counted and how long an unclaimed one may hold its place. */
export interface ReservationRule {
  bucketMs: number;
  ttlMs: number;
}

/** The part of a VM's report that occupancy needs. */
export interface OccupancyReport {
  running: number;
  waiting: number;
  claimedByBucket: BucketCounts;
}

export const bucketOf = (atMs: number, rule: ReservationRule): number => Math.floor(atMs / rule.bucketMs);

/** True while the bucket's first reservation is younger than the time to live: none ever holds its place longer. */
const isLive = (bucket: number, nowMs: number, rule: ReservationRule): boolean =>
  bucket * rule.bucketMs > nowMs - rule.ttlMs;

/** Reservations issued and neither claimed, as far as reported, nor expired. */
export function unclaimed(issued: BucketCounts, claimed: BucketCounts, nowMs: number, rule: ReservationRule): number {
  let sum = 0;
  for (const bucket in issued) {
    if (!isLive(Number(bucket), nowMs, rule)) continue;
    const open = issued[bucket]! - (claimed[bucket] ?? 0);
    if (open > 0) sum += open;
  }
  return sum;
}

/** Tasks on the VM plus the places promised to tickets on their way. */
export function occupancy(report: OccupancyReport, issued: BucketCounts, nowMs: number, rule: ReservationRule): number {
  return report.running + report.waiting + unclaimed(issued, report.claimedByBucket, nowMs, rule);
}

/** Counts with `count` reservations issued now added, and expired buckets left out so that a row stays small. */
export function issue(issued: BucketCounts, count: number, nowMs: number, rule: ReservationRule): BucketCounts {
  const next: Record<string, number> = {};
  for (const bucket in issued) {
    if (isLive(Number(bucket), nowMs, rule)) next[bucket] = issued[bucket]!;
  }
  const current = String(bucketOf(nowMs, rule));
  next[current] = (next[current] ?? 0) + count;
  return next;
}

/**
 * Occupancy between two reports when nobody writes: what was reported, plus what this dispatcher has sent since, less what
 * the VM can have finished meanwhile at its full rate. Never negative.
 */
export function drained(present: number, elapsedMs: number, serviceRatePerS: number): number {
  return Math.max(0, present - (serviceRatePerS * Math.max(0, elapsedMs)) / 1000);
}
