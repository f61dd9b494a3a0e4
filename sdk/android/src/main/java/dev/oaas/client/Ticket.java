package dev.oaas.client;

import dev.oaas.net.Clock;
import java.util.concurrent.atomic.AtomicInteger;

/** A ticket as this client holds it. */
final class Ticket {
  /** Fraction of its life after which it is not used any more. */
  private static final double END_AT = 0.95;

  final Placed placed;
  final Region region;
  /** Monotonic times. */
  final double issuedAtMs;
  final double endsAtMs;
  final AtomicInteger uses;

  /** @param askedAtMs counted from the question, so that a slow answer never makes a ticket look longer than it is */
  Ticket(Placed placed, Region region, double askedAtMs, int uses) {
    this.placed = placed;
    this.region = region;
    issuedAtMs = Clock.nowMs();
    endsAtMs = askedAtMs + placed.expiresInMs * END_AT;
    this.uses = new AtomicInteger(uses);
  }

  boolean isValid() {
    return endsAtMs > Clock.nowMs();
  }
}
