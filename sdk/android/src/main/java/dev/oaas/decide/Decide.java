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
 * spread   = e_local * T_local + e_remote * T_remote             e: mean error of recent predictions as a share
 * gain     = max(0, 2 spread - |T_remote - T_local|)^2 / (8 spread)
 * both     = (1 - w) * (min(T_local, T_remote) - gain) / T_local + w * (E_local + E_remote) / E_local
 * race iff both &lt; (1 - raceGain) * min(1, cost)                  both sides at once, the first result counts
 * hedge    = T_remote * (1 + hedgeErrors * e_remote)             without an answer by then the device starts as well
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
  /** What a race must save. */
  public static final double RACE_GAIN = 0.15;
  /** A side expected to take so many times as long as the other does not race. */
  public static final double RACE_RATIO = 8;
  /** Mean errors after which an answer is late. */
  public static final double HEDGE_ERRORS = 4;
  /** With errors above it nothing is late or in time, and the device starts after {@link #BOUND_MS}. */
  public static final double STEADY_ERROR = 0.3;
  public static final double BOUND_MS = 15;

  /** {@link Decision#hedgeMs} of a race. */
  private static final Double AT_ONCE = 0.0;

  private final DecisionInput in;
  private final RemoteView remote;
  private final Double remoteMs;

  private Decide(DecisionInput input) {
    in = input;
    remote = input.remote;
    remoteMs = remoteTimeMs(serverMeanMs(remote));
  }

  /** Decides one call. */
  public static Decision decide(DecisionInput input) {
    return new Decide(input).decide();
  }

  private Decision decide() {
    LocalView local = in.local;
    if (local == null) return new Decision(Where.REMOTE, "no-local-implementation", null, remoteMs, null, null);
    double load = 1 + (double) local.running / local.parallelism;
    Double localMs = local.meanMs == null ? null : Double.valueOf(local.meanMs * load);
    if (!remote.available) return new Decision(Where.LOCAL, "remote-unavailable", localMs, remoteMs, null, null);
    if (localMs == null) return unmeasuredLocal(local, load);
    if (remoteMs == null) {
      // Nothing is known of the surrogates: one try tells.
      if (!in.explore) return new Decision(Where.LOCAL, "faster-local", localMs, null, null, null);
      Double hedgeMs = in.second == SecondRun.NEVER ? null : in.second == SecondRun.AFTER ? localMs : AT_ONCE;
      return new Decision(Where.REMOTE, "explore-remote", localMs, null, null, hedgeMs);
    }
    return compare(local, load, localMs, remoteMs, relativeCost(localMs, remoteMs));
  }

  private Decision compare(LocalView local, double load, double localMs, double remoteMs, double cost) {
    boolean beside = in.second == SecondRun.BESIDE;
    Double hedgeMs = hedgeAfterMs(localMs, remoteMs);
    // The first of two meets every deadline that one of them meets.
    if (beside && raceCost(localMs, remoteMs) < (1 - RACE_GAIN) * Math.min(1, cost)) {
      return new Decision(Where.REMOTE, "race", localMs, remoteMs, cost, AT_ONCE);
    }
    if (in.deadlineMs != null) {
      double localWorst = (local.p95Ms != null ? local.p95Ms : local.meanMs) * load;
      boolean localMeets = localWorst <= in.deadlineMs;
      Double remoteWorst = remoteTimeMs(remote.serverP95Ms != null ? remote.serverP95Ms : serverMeanMs(remote));
      boolean remoteMeets = (remoteWorst != null ? remoteWorst : remoteMs) <= in.deadlineMs;
      if (localMeets && !remoteMeets) return new Decision(Where.LOCAL, "deadline-needs-local", localMs, remoteMs, cost, null);
      if (remoteMeets && !localMeets) return new Decision(Where.REMOTE, "deadline-needs-remote", localMs, remoteMs, cost, hedgeMs);
    }
    double threshold = in.last == Where.LOCAL ? 1 - HYSTERESIS : in.last == Where.REMOTE ? 1 + HYSTERESIS : 1;
    boolean offload = cost < threshold;
    if (in.explore && in.sinceExplore >= EXPLORE_EVERY) {
      if (offload && isStale(local.ageMs) && localMs <= EXPLORE_RATIO * remoteMs && isSafe(localMs)) {
        return new Decision(beside ? Where.REMOTE : Where.LOCAL, "explore-local", localMs, remoteMs, cost, beside ? AT_ONCE : null);
      }
      if (!offload && isStale(remote.ageMs) && remoteMs <= EXPLORE_RATIO * localMs && isSafe(remoteMs)) {
        return new Decision(Where.REMOTE, "explore-remote", localMs, remoteMs, cost, beside ? AT_ONCE : hedgeMs);
      }
    }
    if (offload) return new Decision(Where.REMOTE, remoteMs < localMs ? "faster-remote" : "cheaper-remote", localMs, remoteMs, cost, hedgeMs);
    return new Decision(Where.LOCAL, localMs <= remoteMs ? "faster-local" : "cheaper-local", localMs, remoteMs, cost, null);
  }

  /** No local time known: both where they can run at once; else remote, and one local run once its guess is within bounds. */
  private Decision unmeasuredLocal(LocalView local, double load) {
    if (in.second == SecondRun.BESIDE && in.explore) return new Decision(Where.REMOTE, "unmeasured-remote", null, remoteMs, null, AT_ONCE);
    Double guess = local.guessMs == null ? null : Double.valueOf(local.guessMs * load);
    boolean worthIt = guess != null && remoteMs != null && guess <= EXPLORE_RATIO * remoteMs;
    boolean safe = in.deadlineMs == null || (guess != null && guess * DEADLINE_MARGIN <= in.deadlineMs);
    if (in.explore && remote.samples > 0 && worthIt && safe) return new Decision(Where.LOCAL, "explore-local", null, remoteMs, null, null);
    Double hedgeMs = in.second == SecondRun.NEVER || remoteMs == null ? null : Double.valueOf(lateAfterMs(remoteMs));
    return new Decision(Where.REMOTE, "unmeasured-remote", null, remoteMs, null, hedgeMs);
  }

  /** Relative cost of running on both sides at once. */
  private double raceCost(double localMs, double remoteMs) {
    double w = in.energyWeight;
    double spread = in.local.error * localMs + remote.error * remoteMs;
    double localEnergy = in.power.computeW * localMs;
    if (Math.max(localMs, remoteMs) > RACE_RATIO * Math.min(localMs, remoteMs)) return Double.POSITIVE_INFINITY;
    if (spread <= 0 || localMs <= 0 || localEnergy <= 0) return Double.POSITIVE_INFINITY;
    double overlap = Math.max(0, 2 * spread - Math.abs(remoteMs - localMs));
    double gain = overlap * overlap / (8 * spread);
    double energy = (localEnergy + remoteEnergy(remoteMs)) / localEnergy;
    return (1 - w) * ((Math.min(localMs, remoteMs) - gain) / localMs) + w * energy;
  }

  private double lateAfterMs(double remoteMs) {
    return remoteMs * (1 + HEDGE_ERRORS * remote.error);
  }

  private Double hedgeAfterMs(double localMs, double remoteMs) {
    if (in.second == SecondRun.NEVER) return null;
    double lateMs = lateAfterMs(remoteMs);
    if (in.second == SecondRun.AFTER) return Math.max(lateMs, localMs);
    return Math.min(Math.min(lateMs, localMs), remote.error > STEADY_ERROR ? BOUND_MS : lateMs);
  }

  /** What surrogates are expected to take, by the region's prediction and what was measured; {@code null}: neither is known. */
  public static Double serverMeanMs(RemoteView remote) {
    if (remote.serverMs == null) return remote.predictedMs;
    if (remote.predictedMs == null) return remote.serverMs;
    double n = Math.min(remote.samples, MAX_WEIGHT);
    return (PRIOR_WEIGHT * remote.predictedMs + n * remote.serverMs) / (PRIOR_WEIGHT + n);
  }

  private static double linkMs(RemoteView remote) {
    if (remote.bytesPerMs == null) return 0;
    return remote.upBytes / remote.bytesPerMs + remote.downBytes / remote.bytesPerMs;
  }

  private Double remoteTimeMs(Double serverMs) {
    return timeMs(remote, remote.placementMs, serverMs);
  }

  /** T_remote for so much time on the surrogate; {@code null}: not known. */
  public static Double timeMs(RemoteView remote, double placementMs, Double serverMs) {
    if (serverMs == null) return null;
    return placementMs + remote.rttMs + linkMs(remote) + serverMs;
  }

  private double relativeCost(double localMs, double remoteMs) {
    PowerProfile power = in.power;
    double w = in.energyWeight;
    double localEnergy = power.computeW * localMs;
    // A task of no measurable length is never worth a message.
    if (localMs <= 0 || localEnergy <= 0) return 1 + HYSTERESIS * 2;
    return (1 - w) * (remoteMs / localMs) + w * (remoteEnergy(remoteMs) / localEnergy);
  }

  private double remoteEnergy(double remoteMs) {
    double transferMs = linkMs(remote);
    return in.power.transferW * transferMs + in.power.idleW * (remoteMs - transferMs);
  }

  private boolean isSafe(double ms) {
    return in.deadlineMs == null || ms * DEADLINE_MARGIN <= in.deadlineMs;
  }

  private static boolean isStale(Double ageMs) {
    return ageMs == null || ageMs >= STALE_MS;
  }
}
