package dev.oaas.client;

/**
 * What one device learns of itself and of the surrogates over all methods; the twin of {@code sdk/typescript/src/cost-model.ts}. The common
 * measure is the CPU time that surrogates report:
 *
 * <pre>
 * local  = slowdown * cpu                slowdown: this device's time over the CPU time of the same call
 * server = overhead + stretch * cpu      stretch: running over CPU time on the VMs in use; overhead: queue and hand-over
 * </pre>
 */
final class CostModel {
  /** Below this CPU time a measurement is mostly the clock's and the caller's own. */
  private static final double LEAST_CPU_MS = 0.2;

  /** Of decaying sums, so that long calls, which the clock tells more exactly, weigh more. */
  private static final class Ratio {
    private double over;
    private double under;

    void add(double more, double less) {
      over += DurationEstimator.EWMA_WEIGHT * (more - over);
      under += DurationEstimator.EWMA_WEIGHT * (less - under);
    }

    Double value() {
      return under > 0 ? Double.valueOf(over / under) : null;
    }
  }

  /** How far predictions were off lately, as a share (at most 1) of the greater of predicted and actual time. */
  private static final class PredictionError {
    private static final double WEIGHT = 0.1;

    private final double first;
    private Double offMs;
    private double ofMs;

    /** @param first before any prediction was seen to fail or hold */
    PredictionError(double first) {
      this.first = first;
    }

    void add(double predictedMs, double actualMs) {
      double greater = Math.max(predictedMs, actualMs);
      double off = Math.abs(actualMs - predictedMs);
      if (offMs == null) {
        ofMs = greater;
        offMs = first * greater;
      }
      offMs += WEIGHT * (off - offMs);
      ofMs += WEIGHT * (greater - ofMs);
    }

    double value() {
      return offMs == null ? first : offMs / ofMs;
    }
  }

  private final PredictionError localError = new PredictionError(0.3);
  private final PredictionError remoteError = new PredictionError(0.5);
  private final Ratio slowdown = new Ratio();
  private final Ratio stretch = new Ratio();
  private final DurationEstimator overhead = new DurationEstimator();
  private Double meanCpuMs;
  private Double localAtMs;
  private Double remoteAtMs;

  /** @param cpuMs CPU time of the same call as surrogates report it; {@code null}: never reported */
  synchronized void ranLocally(double localMs, Double cpuMs, double nowMs) {
    if (cpuMs == null || cpuMs < LEAST_CPU_MS) return;
    slowdown.add(localMs, cpuMs);
    localAtMs = nowMs;
  }

  synchronized void ranRemotely(double totalMs, double cloudMs, double cpuMs, double nowMs) {
    overhead.add(Math.max(0, totalMs - cloudMs), nowMs);
    remoteAtMs = nowMs;
    meanCpuMs = DurationEstimator.smoothed(meanCpuMs, cpuMs);
    if (cpuMs >= LEAST_CPU_MS) stretch.add(cloudMs, cpuMs);
  }

  /** Enters how a local run compared with what was expected of it. */
  synchronized void predictedLocal(double predictedMs, double actualMs) {
    if (predictedMs > 0 && actualMs > 0) localError.add(predictedMs, actualMs);
  }

  /** The same for a remote run, without its placement. */
  synchronized void predictedRemote(double predictedMs, double actualMs) {
    if (predictedMs > 0 && actualMs > 0) remoteError.add(predictedMs, actualMs);
  }

  synchronized double localError() {
    return localError.value();
  }

  synchronized double remoteError() {
    return remoteError.value();
  }

  /** Time of so much CPU here; {@code null}: this device never ran what a surrogate ran. */
  synchronized Double localMs(double cpuMs) {
    Double slow = slowdown.value();
    return slow == null ? null : Double.valueOf(slow * cpuMs);
  }

  /** Time of so much CPU on a surrogate, its queue included; {@code null}: never seen one. */
  synchronized Double serverMs(double cpuMs) {
    Double stretched = stretch.value();
    if (stretched == null) return null;
    Double queue = overhead.meanMs();
    return (queue == null ? 0 : queue) + stretched * cpuMs;
  }

  /** CPU time of a call that took so long here. */
  synchronized Double cpuMs(double localMs) {
    Double slow = slowdown.value();
    return slow == null || slow <= 0 ? null : Double.valueOf(localMs / slow);
  }

  /** Recent mean over all methods: the guess for one of which nothing is known. */
  synchronized Double meanCpuMs() {
    return meanCpuMs;
  }

  /** Since the last run here that taught something; {@code null}: none. */
  synchronized Double localAgeMs(double nowMs) {
    return localAtMs == null ? null : Double.valueOf(nowMs - localAtMs);
  }

  synchronized Double remoteAgeMs(double nowMs) {
    return remoteAtMs == null ? null : Double.valueOf(nowMs - remoteAtMs);
  }
}
