package dev.oaas.decide;

import dev.oaas.PowerProfile;

/**
 * The offload-or-local decision: numbers in, decision out. Only + - * / min max, in the order of the TypeScript twin, so that both give the same
 * doubles.
 *
 * <pre>
 * T_local  = t_local * (1 + running / parallelism)            running: local runs in progress
 * T_link   = up / B + down / B                                bytes over the measured bandwidth B
 * S        = (4 * predicted + n * measured) / (4 + n)         n = min(samples, 16); whichever exists alone counts alone
 * T_remote = placement + RTT + T_link + S                     placement: 0 with a ticket at hand
 * E_local  = P_compute * T_local
 * E_remote = P_transfer * T_link + P_idle * (T_remote - T_link)
 * cost     = (1 - w) * T_remote / T_local + w * E_remote / E_local        offload iff cost &lt; 1 (with hysteresis)
 * </pre>
 *
 * <p>The energy terms are Kumar and Lu, "Cloud computing for mobile users: can offloading computation save energy?", IEEE Computer 43(4),
 * 2010, equation 1. A deadline overrules the cost when only one side meets it (by its 95th percentile). The losing side is tried again when its
 * last run is older than {@link #STALE_MS}, at most every {@link #EXPLORE_EVERY} calls, and only while it is predicted at no more than
 * {@link #EXPLORE_RATIO} times the winner; never when that would endanger the deadline.
 */
public final class Decide {
  public static final double PRIOR_WEIGHT = 4;
  public static final double MAX_WEIGHT = 16;
  public static final double HYSTERESIS = 0.05;
  public static final double EXPLORE_RATIO = 1.25;
  public static final int EXPLORE_EVERY = 50;
  /** An exploring run must fit so many times into the deadline. */
  public static final double DEADLINE_MARGIN = 2;
  public static final double STALE_MS = 120_000;

  private final DecisionInput in;
  private final RemoteView remote;
  private final Double remoteMs;

  private Decide(DecisionInput input) {
    in = input;
    remote = input.remote;
    remoteMs = remoteTimeMs(serverMeanMs());
  }

  /** Decides one call. */
  public static Decision decide(DecisionInput input) {
    return new Decide(input).decide();
  }

  private Decision decide() {
    LocalView local = in.local;
    if (local == null) return new Decision(Where.REMOTE, "no-local-implementation", null, remoteMs, null);
    double load = 1 + (double) local.running / local.parallelism;
    Double localMs = local.meanMs == null ? null : Double.valueOf(local.meanMs * load);
    if (!remote.available) return new Decision(Where.LOCAL, "remote-unavailable", localMs, remoteMs, null);
    if (localMs == null) return unmeasuredLocal(local, load);
    if (remoteMs == null) {
      // Nothing is known of the surrogates: one try tells.
      return in.explore
          ? new Decision(Where.REMOTE, "explore-remote", localMs, null, null)
          : new Decision(Where.LOCAL, "faster-local", localMs, null, null);
    }
    return compare(local, load, localMs, remoteMs, relativeCost(localMs, remoteMs));
  }

  private Decision compare(LocalView local, double load, double localMs, double remoteMs, double cost) {
    if (in.deadlineMs != null) {
      double localWorst = (local.p95Ms != null ? local.p95Ms : local.meanMs) * load;
      boolean localMeets = localWorst <= in.deadlineMs;
      Double remoteWorst = remoteTimeMs(remote.serverP95Ms != null ? remote.serverP95Ms : serverMeanMs());
      boolean remoteMeets = (remoteWorst != null ? remoteWorst : remoteMs) <= in.deadlineMs;
      if (localMeets && !remoteMeets) return new Decision(Where.LOCAL, "deadline-needs-local", localMs, remoteMs, cost);
      if (remoteMeets && !localMeets) return new Decision(Where.REMOTE, "deadline-needs-remote", localMs, remoteMs, cost);
    }
    double threshold = in.last == Where.LOCAL ? 1 - HYSTERESIS : in.last == Where.REMOTE ? 1 + HYSTERESIS : 1;
    boolean offload = cost < threshold;
    if (in.explore && in.sinceExplore >= EXPLORE_EVERY) {
      if (offload && isStale(local.ageMs) && localMs <= EXPLORE_RATIO * remoteMs && isSafe(localMs)) {
        return new Decision(Where.LOCAL, "explore-local", localMs, remoteMs, cost);
      }
      if (!offload && isStale(remote.ageMs) && remoteMs <= EXPLORE_RATIO * localMs && isSafe(remoteMs)) {
        return new Decision(Where.REMOTE, "explore-remote", localMs, remoteMs, cost);
      }
    }
    if (offload) return new Decision(Where.REMOTE, remoteMs < localMs ? "faster-remote" : "cheaper-remote", localMs, remoteMs, cost);
    return new Decision(Where.LOCAL, localMs <= remoteMs ? "faster-local" : "cheaper-local", localMs, remoteMs, cost);
  }

  /** No local time known: remote, and one local run once its guess is within bounds. */
  private Decision unmeasuredLocal(LocalView local, double load) {
    Double guess = local.guessMs == null ? null : Double.valueOf(local.guessMs * load);
    boolean worthIt = guess != null && remoteMs != null && guess <= EXPLORE_RATIO * remoteMs;
    boolean safe = in.deadlineMs == null || (guess != null && guess * DEADLINE_MARGIN <= in.deadlineMs);
    if (in.explore && remote.samples > 0 && worthIt && safe) return new Decision(Where.LOCAL, "explore-local", null, remoteMs, null);
    return new Decision(Where.REMOTE, "unmeasured-remote", null, remoteMs, null);
  }

  private Double serverMeanMs() {
    if (remote.serverMs == null) return remote.predictedMs;
    if (remote.predictedMs == null) return remote.serverMs;
    double n = Math.min(remote.samples, MAX_WEIGHT);
    return (PRIOR_WEIGHT * remote.predictedMs + n * remote.serverMs) / (PRIOR_WEIGHT + n);
  }

  private double linkMs() {
    if (remote.bytesPerMs == null) return 0;
    return remote.upBytes / remote.bytesPerMs + remote.downBytes / remote.bytesPerMs;
  }

  private Double remoteTimeMs(Double serverMs) {
    if (serverMs == null) return null;
    return remote.placementMs + remote.rttMs + linkMs() + serverMs;
  }

  private double relativeCost(double localMs, double remoteMs) {
    PowerProfile power = in.power;
    double w = in.energyWeight;
    double transferMs = linkMs();
    double localEnergy = power.computeW * localMs;
    double remoteEnergy = power.transferW * transferMs + power.idleW * (remoteMs - transferMs);
    // A task of no measurable length is never worth a message.
    if (localMs <= 0 || localEnergy <= 0) return 1 + HYSTERESIS * 2;
    return (1 - w) * (remoteMs / localMs) + w * (remoteEnergy / localEnergy);
  }

  private boolean isSafe(double ms) {
    return in.deadlineMs == null || ms * DEADLINE_MARGIN <= in.deadlineMs;
  }

  private static boolean isStale(Double ageMs) {
    return ageMs == null || ageMs >= STALE_MS;
  }
}
