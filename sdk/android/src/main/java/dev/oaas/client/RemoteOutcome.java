package dev.oaas.client;

/** What trying a call remotely came to. */
final class RemoteOutcome {
  enum Kind {
    OK,
    /** The method ran and failed: its error is the call's result. */
    TASK_FAILED,
    /** Certainly not run. */
    UNAVAILABLE,
    REGION_SAYS_LOCAL,
    /** Perhaps run. */
    UNKNOWN
  }

  /** Whether a VM that did not run a call is still there. */
  enum Gone {
    YES,
    PERHAPS,
    NO
  }

  final Kind kind;
  final String cause;
  /** {@code null}: none. */
  final Problem problem;
  /** Of UNAVAILABLE and REGION_SAYS_LOCAL: when asking again may help; {@code null}: a request like this never will be served. */
  final Double retryAfterMs;
  /** Of OK. */
  final TaskReply reply;
  final String region;
  /** Placement; 0 with a ticket at hand. */
  final double t1Ms;
  /** Device to surrogate and back without what the surrogates did. */
  final double t2Ms;
  final long bytes;
  final long receivedBytes;
  /** Whose link {@code t2Ms} measures. */
  final String linkTarget;
  final Double predictedMs;
  /** Of UNAVAILABLE. */
  final Gone gone;
  /** Of UNKNOWN: the connection ended; the VM, not the method, is to blame. */
  final boolean broken;
  final boolean silent;

  private RemoteOutcome(
      Kind kind, String cause, Problem problem, Double retryAfterMs, TaskReply reply, Context from, double t2Ms, long bytes, long receivedBytes,
      Gone gone, boolean broken, boolean silent) {
    this.kind = kind;
    this.cause = cause;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
    this.reply = reply;
    region = from == null ? null : from.region;
    t1Ms = from == null ? 0 : from.t1Ms;
    linkTarget = from == null ? null : from.linkTarget;
    predictedMs = from == null ? null : from.predictedMs;
    this.t2Ms = t2Ms;
    this.bytes = bytes;
    this.receivedBytes = receivedBytes;
    this.gone = gone;
    this.broken = broken;
    this.silent = silent;
  }

  /** Where a try went. */
  static final class Context {
    final String region;
    final double t1Ms;
    final String linkTarget;
    final Double predictedMs;

    Context(String region, double t1Ms, String linkTarget, Double predictedMs) {
      this.region = region;
      this.t1Ms = t1Ms;
      this.linkTarget = linkTarget;
      this.predictedMs = predictedMs;
    }
  }

  static RemoteOutcome ok(TaskReply reply, Context from, double t2Ms, long bytes, long receivedBytes) {
    return new RemoteOutcome(Kind.OK, "", null, null, reply, from, t2Ms, bytes, receivedBytes, Gone.NO, false, false);
  }

  static RemoteOutcome taskFailed(Problem problem) {
    return new RemoteOutcome(Kind.TASK_FAILED, problem.detail, problem, null, null, null, 0, 0, 0, Gone.NO, false, false);
  }

  static RemoteOutcome unavailable(String cause, Problem problem, Double retryAfterMs, Gone gone) {
    return new RemoteOutcome(Kind.UNAVAILABLE, cause, problem, retryAfterMs, null, null, 0, 0, 0, gone, false, false);
  }

  static RemoteOutcome regionSaysLocal(String cause, Double retryAfterMs) {
    return new RemoteOutcome(Kind.REGION_SAYS_LOCAL, cause, null, retryAfterMs, null, null, 0, 0, 0, Gone.NO, false, false);
  }

  static RemoteOutcome unknown(String cause, Problem problem, boolean broken, boolean silent) {
    return new RemoteOutcome(Kind.UNKNOWN, cause, problem, null, null, null, 0, 0, 0, Gone.NO, broken, silent);
  }

  /** The same with the times that a front-end stamped. */
  RemoteOutcome withTimes(double t1Ms, double t2Ms) {
    return ok(reply, new Context(region, t1Ms, linkTarget, predictedMs), t2Ms, bytes, receivedBytes);
  }

  /** Run for certain: nobody else needs to try. */
  boolean isFinal() {
    return kind == Kind.OK || kind == Kind.TASK_FAILED;
  }

  boolean isProblem(String type) {
    return problem != null && problem.type.equals(type);
  }
}
