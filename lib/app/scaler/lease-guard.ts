import type { Clock } from '../../ports/clock.ts';
import type { Lease } from '../../ports/state-store.ts';

/** This run no longer holds the region: it ends at once and does nothing more. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/** Time that a call may take between the check and its effect. */
const marginMs = 2_000;

/**
 * Checked before everything that has an effect outside the store. The store itself rejects stale epochs; machines can't, so the
 * lease's own time is the guard, and launches are idempotent by their intent on top.
 */
export class LeaseGuard {
  readonly lease: Lease;
  readonly #clock: Clock;

  constructor(lease: Lease, clock: Clock) {
    this.lease = lease;
    this.#clock = clock;
  }

  get epoch(): number {
    return this.lease.epoch;
  }

  check(): void {
    if (this.#clock.nowMs() > this.lease.expiresAtMs - marginMs) {
      throw new LeaseLostError(`lease ${this.lease.name} of epoch ${this.lease.epoch} has run out`);
    }
  }

  /** Turns a rejected write into the end of the run. */
  accepted(answer: 'written' | 'stale'): void {
    if (answer === 'stale') throw new LeaseLostError(`epoch ${this.lease.epoch} of ${this.lease.name} is stale`);
  }
}
