package dev.oaas.client;

import java.util.Arrays;

/** Recent mean and 95th percentile of a duration; forgets, so that it follows a device that heats up or a link that changes. */
final class DurationEstimator {
  /** Plain running mean for the first samples, then exponential with this weight for the newest. */
  static final double EWMA_WEIGHT = 0.2;

  private static final int WINDOW = 32;
  /** Below it a 95th percentile would only be the maximum. */
  private static final int LEAST_FOR_P95 = 8;

  private final double[] window = new double[WINDOW];
  private int samples;
  private double meanMs;
  private double lastAtMs;

  /** @param mean {@code null}: none yet */
  static Double smoothed(Double mean, double value) {
    return mean == null ? value : mean + EWMA_WEIGHT * (value - mean);
  }

  /** @param nowMs monotonic time of the measurement */
  synchronized void add(double durationMs, double nowMs) {
    samples++;
    meanMs += Math.max(1.0 / samples, EWMA_WEIGHT) * (durationMs - meanMs);
    window[(samples - 1) % WINDOW] = durationMs;
    lastAtMs = nowMs;
  }

  synchronized int samples() {
    return samples;
  }

  synchronized Double meanMs() {
    return samples == 0 ? null : meanMs;
  }

  /** Nearest rank over the last 32 samples. */
  synchronized Double p95Ms() {
    int held = Math.min(samples, WINDOW);
    if (held < LEAST_FOR_P95) return null;
    double[] sorted = Arrays.copyOf(window, held);
    Arrays.sort(sorted);
    return sorted[(int) Math.ceil(0.95 * held) - 1];
  }

  synchronized Double ageMs(double nowMs) {
    return samples == 0 ? null : nowMs - lastAtMs;
  }
}
