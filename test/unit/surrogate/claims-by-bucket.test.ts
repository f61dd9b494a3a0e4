import { describe, expect, it } from 'vitest';
import { unclaimed } from '../../../lib/domain/dispatch/occupancy.ts';
import { reservationBucketMs, reservationTtlMs, type TicketClaims } from '../../../lib/ports/contracts/ticket.ts';
import { ClaimsByBucket } from '../../../surrogate/tickets/claims-by-bucket.ts';

const claims = (change: Partial<TicketClaims>): TicketClaims => ({
  iss: 'eu',
  sub: 'device',
  aud: ['vm-1', 'vm-2'],
  jti: 'j',
  iat: 0,
  exp: 60,
  mode: 'exact',
  pool: 'p',
  app: { id: 'a', digest: 'd' },
  vms: [],
  bucket: 4,
  ...change,
});

describe('claimed reservations', () => {
  it('count where the place was reserved: not at an alternate, not in other modes', () => {
    const counts = new ClaimsByBucket('vm-1');
    counts.count(claims({}));
    counts.count(claims({}));
    counts.count(claims({ aud: ['vm-2', 'vm-1'] }));
    counts.count(claims({ mode: 'session' }));
    counts.count(claims({ bucket: undefined }));
    expect(counts.live(4 * reservationBucketMs)).toEqual({ '4': 2 });
  });

  it('are told as long as any controller may still count the reservation, and forgotten soon after', () => {
    const counts = new ClaimsByBucket('vm-1');
    const rule = { bucketMs: reservationBucketMs, ttlMs: reservationTtlMs };
    for (let bucket = 0; bucket < 1_000; bucket++) {
      counts.count(claims({ bucket }));
      const nowMs = (bucket + 1) * reservationBucketMs;
      const live = counts.live(nowMs);
      const issued = Object.fromEntries(Array.from({ length: bucket + 1 }, (_, i) => [i, 1]));
      // A controller whose clock is half a second behind sees reservations as live that much longer.
      expect(unclaimed(issued, live, nowMs - 500, rule)).toBe(0);
      expect(Object.keys(live).length).toBeLessThanOrEqual(30);
    }
  });
});
