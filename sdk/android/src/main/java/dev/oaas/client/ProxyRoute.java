package dev.oaas.client;

import dev.oaas.net.Clock;
import dev.oaas.net.Exchange;
import dev.oaas.net.Request;
import dev.oaas.net.Transport;
import java.util.Map;

/** One call through the region: placement and task in one request. The same at-most-once rule as in {@link DirectRoute}. */
final class ProxyRoute implements Route {
  /** A region not heard of for this long is pinged before it is trusted with a call that must not run twice. */
  private static final double FRESH_MS = 2_000;

  private final Regions regions;
  private final Transport transport;
  private final String apiKey;

  ProxyRoute(Regions regions, Transport transport, String apiKey) {
    this.regions = regions;
    this.transport = transport;
    this.apiKey = apiKey;
  }

  @Override
  public boolean usesTickets() {
    return false;
  }

  @Override
  public RemoteOutcome run(RemoteCall call) {
    regions.awaitReady(call.leftMs());
    RemoteOutcome last = RemoteOutcome.unavailable("no region answers", null, 250.0, RemoteOutcome.Gone.NO);
    for (Region region : regions.ordered()) {
      if (call.isOver()) return last;
      boolean fresh = region.answeredSince(Clock.nowMs() - FRESH_MS);
      // Failing the ping is failing for certain; failing the invocation may leave its outcome unknown.
      if ((!fresh || region.isDown()) && !regions.ping(region)) continue;
      RemoteOutcome outcome = invoke(call, region);
      if (outcome.isFinal() || outcome.kind == RemoteOutcome.Kind.REGION_SAYS_LOCAL) return outcome;
      last = outcome;
      if (outcome.kind == RemoteOutcome.Kind.UNKNOWN && !call.idempotent) return outcome;
      if (outcome.kind == RemoteOutcome.Kind.UNAVAILABLE && outcome.problem != null) return outcome;
    }
    return last;
  }

  private RemoteOutcome invoke(RemoteCall call, Region region) {
    double startMs = Clock.nowMs();
    double timeoutMs = Math.max(1, call.endsAtMs - startMs);
    Map<String, Object> placement = call.spec.toRequest();
    if (call.localEstimateMs != null) placement.put("localEstimateMs", call.localEstimateMs);
    String body = call.body(placement, timeoutMs);
    Exchange reply = transport.control(region.url + Docs.INVOCATIONS, Request.post(body, apiKey, timeoutMs, call.cancel));
    double ms = Clock.nowMs() - startMs;
    RemoteOutcome.Context from = new RemoteOutcome.Context(region.name(), 0, region.url, null);
    RemoteOutcome outcome = Replies.classify(reply, ms, call.patienceMs(), from);
    call.attempted.accept(Replies.attempt(outcome, "proxy", region.name(), ms, call.cancel.isCancelled()));
    if (reply.isAnswer()) regions.markUp(region);
    else if (reply.failure == Exchange.Failure.NETWORK) regions.markDown(region);
    if (outcome.kind == RemoteOutcome.Kind.OK) return stamped(outcome);
    if (outcome.kind != RemoteOutcome.Kind.UNAVAILABLE || outcome.problem == null) return outcome;
    boolean permanent = outcome.problem.status < 500 && outcome.problem.status != 429;
    return RemoteOutcome.unavailable(outcome.cause, outcome.problem, permanent ? null : outcome.retryAfterMs, outcome.gone);
  }

  /** The front-end stamped its own times: T1 is the placement plus the way to the front-end, T2 is beyond it. */
  private static RemoteOutcome stamped(RemoteOutcome outcome) {
    TaskReply reply = outcome.reply;
    if (reply.t2Ms != null) return outcome.withTimes(Math.max(0, outcome.t2Ms - reply.t2Ms), reply.t2Ms);
    return outcome.withTimes(0, outcome.t2Ms - (reply.placementMs == null ? 0 : reply.placementMs));
  }
}
