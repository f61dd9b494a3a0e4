package dev.oaas.client;

import dev.oaas.Attempt;
import dev.oaas.decide.Where;
import dev.oaas.net.Exchange;

/** What a reply to a task (or invocation) means for the question whether it ran. */
final class Replies {
  private Replies() {}

  /** @param ms the whole try */
  static RemoteOutcome classify(Exchange reply, double ms, double patienceMs, RemoteOutcome.Context from) {
    if (!reply.isAnswer()) {
      if (!reply.sent) {
        boolean late = reply.failure == Exchange.Failure.TIMEOUT;
        return RemoteOutcome.unavailable(reply.detail, null, 0.0, late ? RemoteOutcome.Gone.PERHAPS : RemoteOutcome.Gone.YES);
      }
      boolean broken = reply.failure == Exchange.Failure.NETWORK;
      return RemoteOutcome.unknown(reply.detail, null, broken, broken || ms > patienceMs);
    }
    if (reply.isSuccess()) {
      TaskReply task = TaskReply.read(reply.body);
      if (task == null) return RemoteOutcome.unknown("the answer is no task response", null, false, true);
      // The first surrogate counts from the arrival to its answer, hand-off included.
      return RemoteOutcome.ok(task, from, Math.max(0, ms - task.totalMs), reply.bytes, reply.receivedBytes);
    }
    return classify(Docs.problem(reply));
  }

  private static RemoteOutcome classify(Problem problem) {
    switch (problem.type) {
      case "task-failed":
        return RemoteOutcome.taskFailed(problem);
      case "deadline-exceeded":
      case "task-killed":
      case "surrogate-lost":
      case "replayed-ticket":
      case "internal":
      case "unreadable":
        return RemoteOutcome.unknown(problem.describe(), problem, false, problem.type.equals("surrogate-lost"));
      case "draining":
      case "isolation-unavailable":
        return RemoteOutcome.unavailable(problem.describe(), problem, retryAfter(problem), RemoteOutcome.Gone.YES);
      default:
        return RemoteOutcome.unavailable(problem.describe(), problem, retryAfter(problem), RemoteOutcome.Gone.NO);
    }
  }

  private static Double retryAfter(Problem problem) {
    return problem.retryAfterMs == null ? 0.0 : problem.retryAfterMs;
  }

  static Attempt attempt(RemoteOutcome outcome, String target, String region, double ms, boolean aborted) {
    switch (outcome.kind) {
      case OK:
        return new Attempt(Where.REMOTE, target, region, Attempt.Outcome.OK, null, ms);
      case TASK_FAILED:
        return new Attempt(Where.REMOTE, target, region, Attempt.Outcome.FAILED, outcome.cause, ms);
      case UNKNOWN:
        return new Attempt(Where.REMOTE, target, region, aborted ? Attempt.Outcome.ABANDONED : Attempt.Outcome.UNKNOWN, outcome.cause, ms);
      default:
        Attempt.Outcome how = outcome.problem == null ? Attempt.Outcome.NOT_SENT : Attempt.Outcome.REFUSED;
        return new Attempt(Where.REMOTE, target, region, how, outcome.cause, ms);
    }
  }
}
