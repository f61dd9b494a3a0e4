import { reservationBucketMs, reservationTtlMs, type TicketClaims } from '../../lib/ports/contracts/ticket.ts';

/** Reservations of exact tickets that were claimed here, by the bucket of their issue: what the heartbeat tells the controllers. */
export class ClaimsByBucket {
  readonly #vmId: string;
  readonly #counts = new Map<number, number>();

  constructor(vmId: string) {
    this.#vmId = vmId;
  }

  count(claims: TicketClaims): void {
    if (claims.mode !== 'exact' || claims.bucket === undefined || claims.aud[0] !== this.#vmId) return;
    this.#counts.set(claims.bucket, (this.#counts.get(claims.bucket) ?? 0) + 1);
  }

  /** Those of live buckets; older ones are forgotten. */
  live(nowMs: number): Record<string, number> {
    const oldest = Math.floor((nowMs - 2 * reservationTtlMs - 5_000) / reservationBucketMs);
    for (const bucket of this.#counts.keys()) if (bucket < oldest) this.#counts.delete(bucket);
    return Object.fromEntries(this.#counts);
  }
}
