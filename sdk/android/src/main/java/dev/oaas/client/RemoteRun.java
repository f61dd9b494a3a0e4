package dev.oaas.client;

/** What a run on a surrogate tells of the method, the surrogates and the link. */
final class RemoteRun {
  final double totalMs;
  final double cloudMs;
  final double cpuMs;
  /** Device to surrogate and back without what the surrogates did. */
  final double t2Ms;
  /** Sent and received, and received alone. */
  final long bytes;
  final long receivedBytes;
  /** Whose link {@code t2Ms} measures. */
  final String linkTarget;
  /** {@code null}: the region predicted nothing. */
  final Double predictedMs;

  RemoteRun(
      double totalMs, double cloudMs, double cpuMs, double t2Ms, long bytes, long receivedBytes, String linkTarget, Double predictedMs) {
    this.totalMs = totalMs;
    this.cloudMs = cloudMs;
    this.cpuMs = cpuMs;
    this.t2Ms = t2Ms;
    this.bytes = bytes;
    this.receivedBytes = receivedBytes;
    this.linkTarget = linkTarget;
    this.predictedMs = predictedMs;
  }

  static RemoteRun of(RemoteOutcome outcome) {
    TaskReply reply = outcome.reply;
    return new RemoteRun(
        reply.totalMs, reply.cloudMs, reply.cpuMs, outcome.t2Ms, outcome.bytes, outcome.receivedBytes, outcome.linkTarget, outcome.predictedMs);
  }
}
