import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, drained, issue, occupancy, unclaimed } from '../../../lib/domain/dispatch/occupancy.ts';
import { fullBucket, takeToken } from '../../../lib/domain/dispatch/token-bucket.ts';

const rule = { bucketMs: 500, ttlMs: 2_000 };

describe('occupancy', () => {
  it('counts a reservation until it is claimed, and never longer than its time to live', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(5_000), (issuedAtMs, laterMs) => {
        const issued = issue({}, 1, issuedAtMs, rule);
        const open = unclaimed(issued, {}, issuedAtMs + laterMs, rule);
        // A bucket lives from its first moment: between ttl - bucket and ttl after the issue.
        if (laterMs < rule.ttlMs - rule.bucketMs) expect(open).toBe(1);
        if (laterMs >= rule.ttlMs) expect(open).toBe(0);
        const bucket = String(bucketOf(issuedAtMs, rule));
        expect(unclaimed(issued, { [bucket]: 1 }, issuedAtMs, rule)).toBe(0);
      }),
    );
  });

  it('takes late reports on the safe side: never below what is running, waiting and unclaimed', () => {
    // The report knows of one claim of two; the other reservation still counts, the one running counts once.
    const issued = issue({}, 2, 1_000, rule);
    expect(occupancy({ running: 1, waiting: 0, claimedByBucket: { '2': 1 } }, issued, 1_100, rule)).toBe(2);
    // More claims than this view has issued (another controller's): they cannot make up for other buckets.
    expect(occupancy({ running: 3, waiting: 0, claimedByBucket: { '2': 3, '1': 5 } }, issued, 1_100, rule)).toBe(3);
  });

  it('keeps a row small whatever the rate', () => {
    let issued = {};
    for (let ms = 0; ms < 60_000; ms += 7) issued = issue(issued, 3, ms, rule);
    expect(Object.keys(issued).length).toBeLessThanOrEqual(rule.ttlMs / rule.bucketMs + 1);
  });

  it('drains at the service rate and not below nothing', () => {
    expect(drained(5, 1_000, 3)).toBe(2);
    expect(drained(5, 10_000, 3)).toBe(0);
    expect(drained(5, -100, 3)).toBe(5);
  });
});

describe('token bucket', () => {
  it('gives nothing for a time that a clock set back goes through twice', () => {
    const bucket = fullBucket(1, 5_000);
    expect(takeToken(bucket, 1, 1, 5_000)).toBe(0);
    expect(takeToken(bucket, 1, 1, 1_000)).toBe(1_000);
    expect(takeToken(bucket, 1, 1, 5_500)).toBe(500);
    expect(takeToken(bucket, 1, 1, 6_000)).toBe(0);
  });

  it('never grants more than rate x time + burst, and grants again after the wait it names', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.nat(300), { minLength: 1, maxLength: 100 }),
        (ratePerS, burst, gapsMs) => {
          const bucket = fullBucket(burst, 0);
          let nowMs = 0;
          let granted = 0;
          for (const gapMs of gapsMs) {
            nowMs += gapMs;
            const waitMs = takeToken(bucket, ratePerS, burst, nowMs);
            if (waitMs === 0) granted++;
            else {
              nowMs += waitMs + 1e-6;
              expect(takeToken(bucket, ratePerS, burst, nowMs)).toBe(0);
              granted++;
            }
          }
          expect(granted).toBeLessThanOrEqual(burst + (ratePerS * nowMs) / 1000 + 1e-6);
        },
      ),
    );
  });
});
