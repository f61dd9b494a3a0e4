package dev.oaas.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.oaas.Detailed;
import dev.oaas.Encoding;
import dev.oaas.OaasClient;
import dev.oaas.OaasListener;
import dev.oaas.OaasOptions;
import dev.oaas.OffloadException;
import dev.oaas.OffloadOptions;
import dev.oaas.Offloaded;
import dev.oaas.Prefer;
import dev.oaas.decide.Where;
import dev.oaas.samples.Samples;
import dev.oaas.samples.Samples.Line;
import dev.oaas.samples.Samples.LocalMaths;
import dev.oaas.samples.Samples.Maths;
import dev.oaas.samples.Samples.Node;
import dev.oaas.samples.Samples.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What calls answer: values, nothing, errors, and what cannot travel or be read. */
class ResultsTest extends ClientTest {
  @Test
  void runsTheMethodOnTheSurrogateWithTypedValues() throws Exception {
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    Line line = new Line(new Point(1, 1, "a"), new Point(2, 3, "b"), List.of());
    Detailed<Line> detailed = client.detailed(() -> maths.longer(line, 3));
    assertEquals(new LocalMaths().longer(line, 3), detailed.result);
    assertEquals(Where.REMOTE, detailed.ranOn);
    assertEquals("vm-1", detailed.vmId);
    assertEquals("alpha", detailed.region);
    assertEquals("forced-remote", detailed.reason);
    assertTrue(detailed.timings.t2Ms > 0 && detailed.timings.totalMs >= detailed.timings.t2Ms);
    assertEquals(1, one.runs.get());
    Node head = new Node("a");
    head.next = new Node("b");
    Node back = maths.reversed(head);
    assertEquals("b", back.label);
    assertEquals("a", back.next.label);
    assertNull(back.next.next);
  }

  @Test
  void voidAndNullResultsAreResultsAndRunOnce() {
    Maths maths = maths(remote().idempotent(false));
    int before = LocalMaths.RUNS.get();
    maths.nothing("x");
    assertEquals(before + 1, LocalMaths.RUNS.get());
    assertNull(maths.maybe(false));
    assertEquals(before + 2, LocalMaths.RUNS.get());
    assertEquals("given", maths.maybe(true));
    assertEquals(3, one.runs.get() + two.runs.get());
    assertEquals(before + 3, LocalMaths.RUNS.get());
  }

  @Test
  void voidAndNullOverJsonToo() throws Exception {
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote().encoding(Encoding.JSON).idempotent(false));
    int before = LocalMaths.RUNS.get();
    maths.nothing("x");
    assertNull(maths.maybe(false));
    assertEquals(before + 2, LocalMaths.RUNS.get());
    assertEquals(new Line(null, new Point(2, 4.5, "q"), List.of(new Point(1, 1.5, "q"))).to().y(),
        maths.longer(new Line(null, new Point(1, 1.5, "q"), null), 3).to().y());
  }

  @Test
  void theMethodsOwnErrorIsFinal() {
    int before = LocalMaths.RUNS.get();
    Maths maths = maths(remote());
    OffloadException failed = assertThrows(OffloadException.class, () -> maths.fails("boom"));
    assertEquals(OffloadException.Code.TASK_FAILED, failed.code());
    assertEquals("task-failed", failed.problem());
    assertTrue(failed.getMessage().contains("java.lang.IllegalStateException: boom"), failed.getMessage());
    assertEquals(1, one.requests.get() + two.requests.get());
    assertEquals(before, LocalMaths.RUNS.get());
  }

  @Test
  void theLocalErrorPassesThroughUnchanged() {
    Maths maths = maths(OffloadOptions.defaults().prefer(Prefer.LOCAL));
    assertEquals("boom", assertThrows(IllegalStateException.class, () -> maths.fails("boom")).getMessage());
  }

  @Test
  void aMethodByNameCallsAnyAppWithJson() throws Exception {
    OaasClient client = client(region.url);
    OffloadOptions options = remote().encoding(Encoding.JSON);
    Offloaded<Integer> sum = client.method("sample", "sum", Integer.class, null, options);
    assertEquals(6, sum.call((Object) new int[] {1, 2, 3}));
    Offloaded<Object> maybe = client.method("sample", "maybe", Object.class, null, options);
    assertNull(maybe.call(false));
    assertEquals(Map.of("value", 3L), client.method("sample", "positive", Object.class, null, options).call(3));
  }

  @Test
  void aResultThatCannotBeReadIsNoResult() throws Exception {
    one.behaviour = two.behaviour = (agent, exchange, task) -> {
      agent.runs.incrementAndGet();
      Map<String, Object> gadget = Map.of("type", "application/vnd.oaas.java", "base64", "rO0ABQ==");
      FakeAgent.answer(exchange, 200, Map.of("requestId", "r", "taskId", "t", "vmId", agent.vmId, "hops", List.of(), "result", gadget,
          "timings", Map.of("totalMs", 1)));
      return false;
    };
    OaasClient client = client(region.url);
    Maths once = client.proxy(Maths.class, new LocalMaths(), remote().idempotent(false));
    assertEquals(OffloadException.Code.OUTCOME_UNKNOWN, assertThrows(OffloadException.class, () -> once.sum(new int[] {1})).code());
    Maths many = client.proxy(Maths.class, new LocalMaths(), remote());
    assertEquals(Where.LOCAL, client.detailed(() -> many.sum(new int[] {1})).ranOn);
  }

  @Test
  void whatCannotTravelRunsHere() throws Exception {
    OaasClient client = client(region.url);
    List<String> errors = new ArrayList<>();
    client.listen(new OaasListener() {
      @Override
      public void error(String message) {
        errors.add(message);
      }
    });
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote());
    // An undeclared subclass.
    Node odd = new Node("odd") {};
    Detailed<Node> detailed = client.detailed(() -> maths.reversed(odd));
    assertSame(odd, detailed.result);
    assertEquals(Where.LOCAL, detailed.ranOn);
    assertTrue(errors.toString().contains("is not carried"), errors.toString());
  }

  @Test
  void misuseIsToldAtOnce() {
    assertThrows(IllegalArgumentException.class, () -> OaasOptions.withKey(""));
    assertThrows(IllegalArgumentException.class, () -> new OaasClient(OaasOptions.withKey("k")));
    assertThrows(IllegalArgumentException.class, () -> OaasOptions.withKey("k").endpoints("ftp://x"));
    OaasClient client = client(region.url);
    assertThrows(IllegalArgumentException.class, () -> client.proxy(LocalMaths.class, new LocalMaths()));
    assertThrows(IllegalArgumentException.class, () -> client.proxy(Runnable.class, () -> {}));
    assertThrows(IllegalArgumentException.class, () -> client.detailed(() -> 1));
    assertThrows(IllegalArgumentException.class, () -> OffloadOptions.defaults().deadlineMs(0));
    Maths maths = client.proxy(Maths.class, new LocalMaths());
    assertEquals(maths, maths);
    assertTrue(maths.toString().startsWith("offloading "));
    assertArrayEquals(new int[] {maths.hashCode()}, new int[] {maths.hashCode()});
    assertEquals(0, Samples.Gadget.TOUCHED.get());
  }
}
