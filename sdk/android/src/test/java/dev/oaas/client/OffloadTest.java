package dev.oaas.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.oaas.Attempt;
import dev.oaas.Detailed;
import dev.oaas.OaasClient;
import dev.oaas.OaasListener;
import dev.oaas.OaasOptions;
import dev.oaas.OffloadException;
import dev.oaas.OffloadOptions;
import dev.oaas.decide.Where;
import dev.oaas.samples.Samples.LocalMaths;
import dev.oaas.samples.Samples.Maths;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Tickets, candidates and regions: who gets a call, and who gets it next. */
class OffloadTest extends ClientTest {
  @Test
  void oneSessionTicketServesManyCalls() {
    Maths maths = maths(remote());
    for (int i = 0; i < 50; i++) assertEquals(i, maths.sum(new int[] {i}));
    assertEquals(1, region.placements.get());
    assertEquals(50, one.runs.get() + two.runs.get());
    assertEquals(List.of("Bearer ticket-1"), one.bearers.stream().distinct().toList());
    // The device key stays with the region.
    assertFalse(one.bearers.toString().contains("device-key"));
  }

  @Test
  void aTicketInUseIsRenewedInTheBackground() {
    region.expiresInMs = 1_500;
    AtomicInteger renewals = new AtomicInteger();
    OaasClient client = client(region.url);
    client.listen(new OaasListener() {
      @Override
      public void ticket(String appId, String region, String mode, double expiresInMs, boolean renewal, double placementMs) {
        if (renewal) renewals.incrementAndGet();
      }
    });
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    eventually("no renewal", () -> maths.sum(new int[] {1}) == 1 && renewals.get() >= 2);
    assertTrue(one.bearers.stream().distinct().count() >= 2);
  }

  @Test
  void ticketsOfOneUseAreAskedForEachTime() {
    region.mode = "exact";
    Maths maths = maths(remote().prefetch(false));
    for (int i = 0; i < 5; i++) maths.sum(new int[] {i});
    assertEquals(5, region.placements.get());
    // The first by the classifier, the others by the group's own route.
    assertEquals(List.of("/v1/placements", "/v1/groups/g/placements"), region.paths.stream().distinct().toList());
  }

  @Test
  void theNextCandidateTakesWhatOneRefuses() throws Exception {
    one.behaviour = (agent, exchange, task) -> {
      FakeAgent.problem(exchange, 503, "draining", "going", null);
      return false;
    };
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    Detailed<Integer> detailed = client.detailed(() -> maths.sum(new int[] {4}));
    assertEquals("vm-2", detailed.vmId);
    assertEquals(List.of(Attempt.Outcome.REFUSED, Attempt.Outcome.OK), detailed.attempts.stream().map(a -> a.outcome).toList());
  }

  @Test
  void aDeadCandidateIsLeftForTheNext() throws Exception {
    one.close();
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    Detailed<Integer> detailed = client.detailed(() -> maths.sum(new int[] {4}));
    assertEquals("vm-2", detailed.vmId);
    assertEquals(Attempt.Outcome.NOT_SENT, detailed.attempts.get(0).outcome);
  }

  @Test
  void anInvalidTicketIsReplacedByAFreshOne() throws Exception {
    one.behaviour = (agent, exchange, task) -> {
      if (!"Bearer ticket-1".equals(exchange.getRequestHeaders().getFirst("authorization"))) return true;
      FakeAgent.problem(exchange, 401, "invalid-ticket", "expired", null);
      return false;
    };
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    assertEquals("vm-1", client.detailed(() -> maths.sum(new int[] {4})).vmId);
    assertEquals(2, region.placements.get());
  }

  @Test
  void aBrokenConnectionAsksTheSameVmUnderTheSameIdAndRunsOnce() throws Exception {
    AtomicInteger first = new AtomicInteger();
    one.behaviour = (agent, exchange, task) -> first.getAndIncrement() > 0;
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote().idempotent(false));
    Detailed<Integer> detailed = client.detailed(() -> maths.sum(new int[] {4}));
    assertEquals(4, detailed.result);
    assertEquals("vm-1", detailed.vmId);
    assertEquals(1, one.runs.get() + two.runs.get());
    assertEquals(2, one.requests.get());
  }

  @Test
  void anUnknownOutcomeIsNotRunAgainUnlessIdempotent() throws Exception {
    FakeAgent.Behaviour runsAndDrops = (agent, exchange, task) -> {
      agent.runs.incrementAndGet();
      return false;
    };
    one.behaviour = runsAndDrops;
    int before = LocalMaths.RUNS.get();
    Maths once = maths(remote().idempotent(false));
    OffloadException unknown = assertThrows(OffloadException.class, () -> once.sum(new int[] {1}));
    assertEquals(OffloadException.Code.OUTCOME_UNKNOWN, unknown.code());
    assertEquals(0, two.requests.get());
    assertEquals(before, LocalMaths.RUNS.get());
    // Idempotent (as the interface says): the next candidate has it.
    OaasClient client = client(region.url);
    Maths many = client.proxy(Maths.class, new LocalMaths(), remote());
    assertEquals("vm-2", client.detailed(() -> many.sum(new int[] {1})).vmId);
  }

  @Test
  void noRegionMeansTheDevice() throws Exception {
    region.close();
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    Detailed<Integer> detailed = client.detailed(() -> maths.sum(new int[] {2, 3}));
    assertEquals(5, detailed.result);
    assertEquals(Where.LOCAL, detailed.ranOn);
    assertEquals("fallback", detailed.reason);
    assertTrue(detailed.timings.totalMs < 9_000, detailed.timings.totalMs + " ms");
  }

  @Test
  void aSilentRegionFailsOverToTheNext() throws Exception {
    FakeRegion silent = region("silent", one);
    silent.behaviour = exchange -> {
      FakeRegion.pause(20_000);
      return false;
    };
    region.pingDelayMs = 300;
    OaasClient client = client(silent.url, region.url);
    client.awaitReady(10_000);
    eventually("both measured", () -> client.regions().stream().noneMatch(r -> r.rttMs == null));
    assertEquals("silent", client.regions().get(0).region);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    assertEquals("alpha", client.detailed(() -> maths.sum(new int[] {2})).region);
  }

  @Test
  void theNearestRegionIsAsked() {
    region.pingDelayMs = 300;
    OaasClient client;
    try {
      FakeRegion near = region("near", two);
      client = client(region.url, near.url);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
    eventually("both measured", () -> client.regions().stream().noneMatch(r -> r.rttMs == null));
    assertEquals("near", client.regions().get(0).region);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    maths.sum(new int[] {1});
    assertEquals(1, two.runs.get());
    assertEquals(0, one.runs.get());
  }

  @Test
  void regionsAreFoundByOneOfThem() throws Exception {
    OaasClient client = closing(new OaasClient(OaasOptions.withKey("k").regionsUrl(region.url).probeIntervalMs(0)));
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    assertEquals("alpha", client.detailed(() -> maths.sum(new int[] {2})).region);
  }

  @Test
  void concurrentCallsShareOnePlacement() throws Exception {
    Maths maths = maths(remote().prefetch(false));
    ExecutorService threads = Executors.newFixedThreadPool(16);
    List<Future<Integer>> calls = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      int value = i;
      calls.add(threads.submit(() -> maths.sum(new int[] {value})));
    }
    for (int i = 0; i < 64; i++) assertEquals(i, calls.get(i).get(60, TimeUnit.SECONDS));
    threads.shutdown();
    assertEquals(1, region.placements.get());
    assertEquals(64, one.runs.get() + two.runs.get());
    // Its own load spreads over the ticket's candidates.
    assertTrue(two.runs.get() > 0);
  }

  @Test
  void theProxyRouteIsOneCallToTheRegion() throws Exception {
    OaasOptions options = OaasOptions.withKey("device-key").endpoints(region.url).route(OaasOptions.Route.PROXY).probeIntervalMs(0);
    OaasClient client = closing(new OaasClient(options));
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    assertEquals(7, client.detailed(() -> maths.sum(new int[] {3, 4})).result);
    assertEquals(0, region.placements.get());
    assertEquals("sample", region.requests.peek().get("appId"));
  }

  @Test
  void withoutALocalImplementationARefusalIsWaitedOut() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    region.behaviour = exchange -> {
      if (asked.incrementAndGet() > 3) return true;
      FakeAgent.problem(exchange, 429, "saturated", "full", 60.0);
      return false;
    };
    Maths maths = client(region.url).proxy(Maths.class, null, OffloadOptions.defaults().prefetch(false));
    assertEquals(2, maths.sum(new int[] {2}));
    region.behaviour = exchange -> {
      FakeAgent.problem(exchange, 404, "unknown-app", "no app", null);
      return false;
    };
    Maths never = client(region.url).proxy(Maths.class, null, OffloadOptions.defaults().prefetch(false));
    assertEquals(OffloadException.Code.INVALID_REQUEST, assertThrows(OffloadException.class, () -> never.sum(new int[] {2})).code());
  }

  @Test
  void closingEndsCallsInProgress() throws Exception {
    one.behaviour = two.behaviour = (agent, exchange, task) -> {
      FakeRegion.pause(20_000);
      return false;
    };
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    ExecutorService threads = Executors.newSingleThreadExecutor();
    Future<Integer> call = threads.submit(() -> maths.sum(new int[] {1}));
    eventually("the call arrived", () -> one.requests.get() + two.requests.get() > 0);
    client.close();
    Exception ended = assertThrows(Exception.class, () -> call.get(20, TimeUnit.SECONDS));
    assertEquals(OffloadException.Code.CLOSED, ((OffloadException) ended.getCause()).code());
    assertEquals(OffloadException.Code.CLOSED, assertThrows(OffloadException.class, () -> maths.sum(new int[] {1})).code());
    threads.shutdown();
  }
}
