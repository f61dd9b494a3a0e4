package dev.oaas;

/** Milliseconds of a call on the device's monotonic clock, except those that the surrogate measured on its own. */
public final class Timings {
  /** T1: placement; 0 when a session ticket was at hand. */
  public final double t1Ms;
  /** T2: device to surrogate and back without queueing, running and hand-off (proxy route: front-end to surrogate). */
  public final double t2Ms;
  /** Tcloud: running on the surrogate. */
  public final double cloudMs;
  /** Waiting on the surrogate for one of its N places. */
  public final double queueMs;
  /** Handing on between surrogates. */
  public final double handoffMs;
  /** Running on the device, 0 for a remote result. */
  public final double localMs;
  /** Call to result, everything included. */
  public final double totalMs;

  public Timings(double t1Ms, double t2Ms, double cloudMs, double queueMs, double handoffMs, double localMs, double totalMs) {
    this.t1Ms = t1Ms;
    this.t2Ms = t2Ms;
    this.cloudMs = cloudMs;
    this.queueMs = queueMs;
    this.handoffMs = handoffMs;
    this.localMs = localMs;
    this.totalMs = totalMs;
  }

  /** The same, with the whole. */
  public Timings withTotal(double totalMs) {
    return new Timings(t1Ms, t2Ms, cloudMs, queueMs, handoffMs, localMs, totalMs);
  }
}
