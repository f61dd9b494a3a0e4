package dev.oaas.client;

import dev.oaas.Timings;

/** What a call came to, before the totals. */
final class Settled {
  final Object result;
  /** {@code null}: it ran here. */
  final RemoteOutcome remote;
  final Timings timings;
  /** Set when something overruled the decision. */
  String reason;
  String cause;

  Settled(Object result, RemoteOutcome remote, Timings timings) {
    this.result = result;
    this.remote = remote;
    this.timings = timings;
  }

  Settled because(String why, String what) {
    reason = why;
    cause = what;
    return this;
  }
}
