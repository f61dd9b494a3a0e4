package dev.oaas.client;

import dev.oaas.DeviceProfile;
import dev.oaas.decide.Decide;
import dev.oaas.decide.Decision;
import dev.oaas.decide.DecisionInput;
import dev.oaas.decide.LocalView;
import dev.oaas.decide.RemoteView;
import dev.oaas.decide.SecondRun;
import dev.oaas.decide.Where;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What was measured of one method, calls of different sizes apart, and the decision that rests on it; the twin of
 * {@code sdk/typescript/src/method-history.ts}, held to {@code sdk/vectors/history.json}.
 */
final class History {
  /** Sizes that are remembered; beyond that the one not asked for longest is forgotten. */
  private static final int MOST_SIZES = 64;
  /** Least error, as a share, of a time that was worked out from other sizes: by its CPU time, or with that guessed too. */
  private static final double DERIVED_ERROR = 0.5;
  private static final double GUESS_ERROR = 1;

  /** The sides of which no run was measured yet: what loses a race there is let finish, to be measured. */
  static final class Unmeasured {
    final boolean local;
    final boolean remote;

    Unmeasured(boolean local, boolean remote) {
      this.local = local;
      this.remote = remote;
    }
  }

  private final Surroundings host;
  private final Spec spec;
  private final MethodOptions options;
  private final Map<String, SizeHistory> sizes = new LinkedHashMap<String, SizeHistory>(16, 0.75f, true) {
    private static final long serialVersionUID = 1L;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, SizeHistory> eldest) {
      return size() > MOST_SIZES;
    }
  };
  /** Over all sizes. */
  private Double meanCpuMs;
  private Double predictedMs;
  private String link;
  private int sinceExplore;
  private int localRunning;
  private double heldUntilMs;

  History(Surroundings host, Spec spec, MethodOptions options) {
    this.host = host;
    this.spec = spec;
    this.options = options;
  }

  /** Expected time of a local run: measured, the caller's estimate, or from its CPU time; {@code null}: unknown. */
  synchronized Double localMs(String size) {
    SizeHistory known = of(size);
    if (known.localTime.meanMs() != null) return known.localTime.meanMs();
    if (options.localEstimateMs != null) return options.localEstimateMs;
    Double cpuMs = known.cpuMs != null ? known.cpuMs : meanCpuMs;
    return cpuMs == null ? null : host.costs().localMs(cpuMs);
  }

  /** The same, pessimistic where enough was measured. */
  synchronized Double localWorstMs(String size) {
    Double worst = of(size).localTime.p95Ms();
    return worst != null ? worst : localMs(size);
  }

  /** Recent mean time of a run on a surrogate. */
  synchronized double runMs(String size) {
    Double mean = of(size).runTime.meanMs();
    return mean == null ? 1 : mean;
  }

  synchronized void ended(Where where, String size) {
    of(size).last = where;
  }

  /** Nobody asks the remote side again before this (monotonic). */
  synchronized void holdUntil(double ms) {
    heldUntilMs = ms;
  }

  /** @return whether it is the only one */
  synchronized boolean beginLocal() {
    return localRunning++ == 0;
  }

  /** @return whether nothing else ran beside it at its end */
  synchronized boolean endLocal() {
    return --localRunning == 0;
  }

  synchronized void ranLocally(double durationMs, double nowMs, String size) {
    SizeHistory known = of(size);
    Double expected = expectedLocalMs(size);
    if (expected != null) host.costs().predictedLocal(expected, durationMs);
    known.localTime.add(durationMs, nowMs);
    host.costs().ranLocally(durationMs, known.cpuMs, nowMs);
  }

  /**
   * A remote run that nobody waited for to its end: it takes longer than this. Counts as a measurement where it was expected to be faster, so
   * that surrogates that went slow are noticed although their answers are not awaited.
   *
   * @param elapsedMs placement not included
   */
  synchronized void gaveUpRemotely(double elapsedMs, double nowMs, String size) {
    RemoteView view = remoteView(nowMs, size, host.network());
    Double serverMs = Decide.serverMeanMs(view);
    Double expectedMs = Decide.timeMs(view, 0, serverMs);
    if (expectedMs == null || elapsedMs <= expectedMs) return;
    host.costs().predictedRemote(expectedMs, elapsedMs);
    of(size).serverTime.add(elapsedMs - (expectedMs - serverMs), nowMs);
  }

  synchronized void ranRemotely(RemoteRun run, double nowMs, String size) {
    String network = host.network();
    SizeHistory known = of(size);
    RemoteView view = remoteView(nowMs, size, network);
    Double expectedMs = Decide.timeMs(view, 0, Decide.serverMeanMs(view));
    CostModel costs = host.costs();
    if (expectedMs != null) costs.predictedRemote(expectedMs, run.totalMs + run.t2Ms);
    // A size that had only run here tells, with its CPU time, how fast this device is.
    if (known.cpuMs == null && known.localTime.meanMs() != null) costs.ranLocally(known.localTime.meanMs(), run.cpuMs, nowMs);
    known.serverTime.add(run.totalMs, nowMs);
    known.runTime.add(run.cloudMs, nowMs);
    known.cpuMs = DurationEstimator.smoothed(known.cpuMs, run.cpuMs);
    known.upBytes += DurationEstimator.EWMA_WEIGHT * (run.bytes - run.receivedBytes - known.upBytes);
    known.downBytes += DurationEstimator.EWMA_WEIGHT * (run.receivedBytes - known.downBytes);
    meanCpuMs = DurationEstimator.smoothed(meanCpuMs, run.cpuMs);
    costs.ranRemotely(run.totalMs, run.cloudMs, run.cpuMs, nowMs);
    if (run.predictedMs != null) predictedMs = run.predictedMs;
    link = run.linkTarget;
    host.link(network, run.linkTarget).add(run.t2Ms, run.bytes, nowMs);
  }

  /** A call has ended whose remote answer is still to come; until then nothing of that size is tried to learn the same. */
  synchronized void awaits(String size) {
    of(size).awaited++;
  }

  /** It has come, or will not. */
  synchronized void heard(String size) {
    of(size).awaited--;
  }

  synchronized Unmeasured unmeasured(String size) {
    SizeHistory known = of(size);
    return new Unmeasured(known.localTime.samples() == 0, known.serverTime.samples() == 0);
  }

  /** Decides a call that may run on either side. @param deadlineMs time left; {@code null}: no deadline */
  synchronized Decision decide(double nowMs, Double deadlineMs, String size) {
    SizeHistory known = of(size);
    DecisionInput input = new DecisionInput();
    input.local = localView(nowMs, size);
    input.remote = remoteView(nowMs, size, host.network());
    if (deadlineMs != null) {
      input.local.p95Ms = known.localTime.p95Ms();
      input.remote.serverP95Ms = known.serverTime.p95Ms();
    }
    DeviceProfile device = host.device();
    input.energyWeight = device.energyWeight;
    input.power = device.power;
    input.deadlineMs = deadlineMs;
    input.last = known.last;
    input.explore = options.explore && known.awaited == 0;
    input.sinceExplore = sinceExplore;
    input.second = !options.idempotent ? SecondRun.NEVER : options.localRunsAside ? SecondRun.BESIDE : SecondRun.AFTER;
    Decision decision = Decide.decide(input);
    sinceExplore = decision.code.startsWith("explore-") ? 0 : sinceExplore + 1;
    return decision;
  }

  private LocalView localView(double nowMs, String size) {
    SizeHistory known = of(size);
    CostModel costs = host.costs();
    LocalView local = new LocalView();
    local.meanMs = expectedLocalMs(size);
    local.samples = known.localTime.samples();
    local.ageMs = younger(known.localTime.ageMs(nowMs), costs.localAgeMs(nowMs));
    local.running = localRunning;
    local.parallelism = options.localParallelism;
    local.guessMs = known.cpuMs != null ? known.cpuMs : meanCpuMs;
    local.error = costs.localError();
    if (local.samples == 0) local.error = Math.max(local.error, known.cpuMs == null ? GUESS_ERROR : DERIVED_ERROR);
    return local;
  }

  private RemoteView remoteView(double nowMs, String size, String network) {
    SizeHistory known = of(size);
    CostModel costs = host.costs();
    Surroundings.Held held = host.held(spec);
    String target = link != null || held == null ? link : held.vmId;
    LinkEstimator way = target == null ? null : host.link(network, target);
    Double likelyCpuMs = likelyCpuMs(size);
    Double likelyMs = likelyCpuMs == null ? null : costs.serverMs(likelyCpuMs);
    Double distanceMs = host.regionRttMs();
    RemoteView remote = new RemoteView();
    remote.available = nowMs >= heldUntilMs;
    // The region predicts for the whole pool; what its surrogates did with calls of this length is nearer.
    remote.predictedMs = likelyMs != null ? likelyMs : regionMs(held);
    remote.serverMs = known.serverTime.meanMs();
    remote.samples = known.serverTime.samples();
    remote.ageMs = younger(known.serverTime.ageMs(nowMs), costs.remoteAgeMs(nowMs));
    remote.placementMs = held != null || !host.usesTickets() ? 0 : firstOf(host.placementMs(spec), distanceMs);
    remote.rttMs = firstOf(way == null ? null : way.rttMs(), distanceMs);
    remote.bytesPerMs = way == null ? null : way.bytesPerMs();
    remote.upBytes = known.upBytes;
    remote.downBytes = known.downBytes;
    remote.error = costs.remoteError();
    if (remote.samples == 0) remote.error = Math.max(remote.error, DERIVED_ERROR);
    return remote;
  }

  /** CPU time of a call, as near as anything known tells; {@code null}: nothing is. */
  private Double likelyCpuMs(String size) {
    SizeHistory known = of(size);
    CostModel costs = host.costs();
    if (known.cpuMs != null) return known.cpuMs;
    Double measured = known.localTime.meanMs();
    Double fromLocal = measured == null ? null : costs.cpuMs(measured);
    if (fromLocal != null) return fromLocal;
    if (meanCpuMs != null) return meanCpuMs;
    if (costs.meanCpuMs() != null) return costs.meanCpuMs();
    return regionMs(host.held(spec));
  }

  private Double regionMs(Surroundings.Held held) {
    return held != null && held.predictedMs != null ? held.predictedMs : predictedMs;
  }

  private Double expectedLocalMs(String size) {
    Double known = localMs(size);
    if (known != null) return known;
    Double cpuMs = likelyCpuMs(size);
    return cpuMs == null ? null : host.costs().localMs(cpuMs);
  }

  private SizeHistory of(String size) {
    return sizes.computeIfAbsent(size, name -> new SizeHistory());
  }

  private static double firstOf(Double first, Double second) {
    return first != null ? first : second != null ? second : 0;
  }

  private static Double younger(Double a, Double b) {
    if (a == null) return b;
    return b == null ? a : Double.valueOf(Math.min(a, b));
  }
}
