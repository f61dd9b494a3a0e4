package dev.oaas.client;

import dev.oaas.OffloadException;

/** What the caller is told when a call has no result. */
final class Failures {
  private Failures() {}

  /** @param what the app and its method */
  static OffloadException of(String what, boolean idempotent, RemoteOutcome outcome) {
    String type = outcome.problem == null ? null : outcome.problem.type;
    switch (outcome.kind) {
      case TASK_FAILED:
        return new OffloadException(OffloadException.Code.TASK_FAILED, what + " failed: " + outcome.cause, type, null);
      case UNKNOWN:
        boolean late = "deadline-exceeded".equals(type) || outcome.cause.startsWith("no answer within");
        String advice = idempotent ? "" : " (it may have run; declare the method idempotent to have it retried)";
        OffloadException.Code code = late ? OffloadException.Code.DEADLINE_EXCEEDED : OffloadException.Code.OUTCOME_UNKNOWN;
        return new OffloadException(code, what + ": " + outcome.cause + advice, type, null);
      default:
        boolean permanent = outcome.kind == RemoteOutcome.Kind.UNAVAILABLE && outcome.retryAfterMs == null;
        OffloadException.Code refusal = permanent ? OffloadException.Code.INVALID_REQUEST : OffloadException.Code.UNAVAILABLE;
        return new OffloadException(refusal, what + " could not be offloaded and has no local implementation: " + outcome.cause, type, null);
    }
  }
}
