package dev.oaas.client;

import dev.oaas.DeviceProfile;
import dev.oaas.decide.Decide;
import dev.oaas.decide.Decision;
import dev.oaas.decide.DecisionInput;
import dev.oaas.decide.LocalView;
import dev.oaas.decide.RemoteView;
import dev.oaas.decide.Where;
import dev.oaas.net.Clock;

/** What was measured of one method, and the decision that rests on it. */
final class Measurements {
  /** Waiting and handing on beyond this share of the run itself: the ticket's VMs are crowded. */
  private static final double CROWDED_SHARE = 0.5;
  /** After a failure of the remote side nobody waits for it again for this long, unless it said when. */
  private static final double HOLD_OFF_MS = 1_000;
  private static final double LONGEST_HOLD_OFF_MS = 30_000;

  private final Host host;
  private final Spec spec;
  private final MethodOptions options;
  private final DurationEstimator localTime = new DurationEstimator();
  private final DurationEstimator serverTime = new DurationEstimator();
  private final DurationEstimator runTime = new DurationEstimator();
  private Double cpuMs;
  private Double predictedMs;
  private String link;
  private double upBytes;
  private double downBytes;
  private int localRunning;
  private Where last;
  private int sinceExplore;
  private double heldUntilMs;

  Measurements(Host host, Spec spec, MethodOptions options) {
    this.host = host;
    this.spec = spec;
    this.options = options;
  }

  /** Recent mean, or the caller's estimate; {@code null}: neither. */
  Double localEstimateMs() {
    return localTime.meanMs() != null ? localTime.meanMs() : options.localEstimateMs;
  }

  /** The time a local run is likely to keep to; {@code null}: not known. */
  Double cautiousLocalMs() {
    return localTime.p95Ms() != null ? localTime.p95Ms() : localEstimateMs();
  }

  /** Recent mean time of the method on a surrogate. */
  double runMs() {
    return runTime.meanMs() == null ? 1 : runTime.meanMs();
  }

  synchronized void ranOn(Where where) {
    last = where;
  }

  /** Nobody waits for the remote side for a while. @param retryAfterMs {@code null} or 0: not told */
  synchronized void holdOff(Double retryAfterMs) {
    double wait = retryAfterMs == null || retryAfterMs == 0 ? HOLD_OFF_MS : retryAfterMs;
    heldUntilMs = Clock.nowMs() + Math.min(wait, LONGEST_HOLD_OFF_MS);
  }

  /** @return whether it is the only one */
  synchronized boolean beginLocal() {
    return localRunning++ == 0;
  }

  /** @param alone it began alone; a run that shared the device measured the crowd, not the method */
  synchronized void endLocal(boolean alone, double ms, boolean ok) {
    if (ok && alone && localRunning == 1) localTime.add(ms, Clock.nowMs());
    localRunning--;
  }

  synchronized void accepted(RemoteOutcome outcome) {
    double nowMs = Clock.nowMs();
    TaskReply reply = outcome.reply;
    if (reply.queueMs + reply.handoffMs > CROWDED_SHARE * reply.cloudMs) host.tickets.refresh(spec);
    serverTime.add(reply.totalMs, nowMs);
    runTime.add(reply.cloudMs, nowMs);
    cpuMs = cpuMs == null ? reply.cpuMs : cpuMs + DurationEstimator.EWMA_WEIGHT * (reply.cpuMs - cpuMs);
    if (outcome.predictedMs != null) predictedMs = outcome.predictedMs;
    link = outcome.linkTarget;
    host.surrogates.link(outcome.linkTarget).add(outcome.t2Ms, outcome.bytes, nowMs);
    upBytes += DurationEstimator.EWMA_WEIGHT * (outcome.bytes - outcome.receivedBytes - upBytes);
    downBytes += DurationEstimator.EWMA_WEIGHT * (outcome.receivedBytes - downBytes);
  }

  synchronized Decision decide(double nowMs) {
    DecisionInput input = new DecisionInput();
    input.local = localView(nowMs);
    input.remote = remoteView(nowMs);
    DeviceProfile device = deviceProfile();
    input.energyWeight = device.energyWeight;
    input.power = device.power;
    input.deadlineMs = options.hasDeadline ? options.deadlineMs : null;
    input.last = last;
    input.explore = options.explore;
    input.sinceExplore = sinceExplore;
    Decision decision = Decide.decide(input);
    sinceExplore = decision.code.startsWith("explore-") ? 0 : sinceExplore + 1;
    return decision;
  }

  /** A profile that cannot be had must not cost the call. */
  private DeviceProfile deviceProfile() {
    try {
      DeviceProfile profile = host.device.get();
      if (profile != null) return profile;
    } catch (RuntimeException e) {
      host.events.emit(l -> l.error("the device's profile: " + e));
    }
    return DeviceProfile.MAINS;
  }

  private LocalView localView(double nowMs) {
    LocalView local = new LocalView();
    local.meanMs = localEstimateMs();
    local.p95Ms = options.hasDeadline ? localTime.p95Ms() : null;
    local.samples = localTime.samples();
    local.ageMs = localTime.ageMs(nowMs);
    local.running = localRunning;
    local.parallelism = options.localParallelism;
    local.guessMs = cpuMs;
    return local;
  }

  private RemoteView remoteView(double nowMs) {
    Ticket ticket = host.tickets.peek(spec);
    String target = link != null || ticket == null ? link : ticket.placed.candidates.get(0).vmId();
    LinkEstimator known = target == null ? null : host.surrogates.link(target);
    Double regionRttMs = host.regions.rttMs();
    double distanceMs = regionRttMs == null ? 0 : regionRttMs;
    Double placementMs = host.tickets.placementMs(spec);
    RemoteView remote = new RemoteView();
    remote.available = nowMs >= heldUntilMs;
    remote.predictedMs = ticket != null && ticket.placed.predictedMs != null ? ticket.placed.predictedMs : predictedMs;
    remote.serverMs = serverTime.meanMs();
    remote.serverP95Ms = options.hasDeadline ? serverTime.p95Ms() : null;
    remote.samples = serverTime.samples();
    remote.ageMs = serverTime.ageMs(nowMs);
    boolean held = !host.route.usesTickets() || ticket != null;
    remote.placementMs = held ? 0 : placementMs != null ? placementMs : distanceMs;
    remote.rttMs = known != null && known.rttMs() != null ? known.rttMs() : distanceMs;
    remote.bytesPerMs = known == null ? null : known.bytesPerMs();
    remote.upBytes = upBytes;
    remote.downBytes = downBytes;
    return remote;
  }
}
