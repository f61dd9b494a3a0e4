package dev.oaas.client;

/** Round trip and bandwidth of a link, from the transfers that happen anyway. */
final class LinkEstimator {
  /** Smaller transfers say nothing about bandwidth. */
  private static final long LEAST_BYTES = 16_384;

  private final DurationEstimator rtt = new DurationEstimator();
  private Double bytesPerMs;

  /**
   * @param t2Ms device to surrogate and back, without what the surrogate did
   * @param bytes sent and received
   */
  synchronized void add(double t2Ms, long bytes, double nowMs) {
    if (bytes < LEAST_BYTES) {
      rtt.add(t2Ms, nowMs);
      return;
    }
    Double known = rtt.meanMs();
    double transferMs = t2Ms - (known == null ? 0 : known);
    // On a fast link the transfer drowns in the round trip's own variation: then it is as good as free.
    if (transferMs < 0.1) return;
    double sample = bytes / transferMs;
    bytesPerMs = bytesPerMs == null ? sample : bytesPerMs + DurationEstimator.EWMA_WEIGHT * (sample - bytesPerMs);
  }

  Double rttMs() {
    return rtt.meanMs();
  }

  synchronized Double bytesPerMs() {
    return bytesPerMs;
  }
}
