package dev.oaas.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.oaas.Detailed;
import dev.oaas.Encoding;
import dev.oaas.OaasClient;
import dev.oaas.OaasListener;
import dev.oaas.OffloadOptions;
import dev.oaas.Prefer;
import dev.oaas.decide.Where;
import dev.oaas.samples.Samples.Counter;
import dev.oaas.samples.Samples.LocalCounter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Objects with state: out and back, one at a time, and on a copy where both sides run. */
class StateTest extends ClientTest {
  @Test
  void stateGoesOutAndTheNewStateComesBackIntoTheSameObject() throws Exception {
    LocalCounter counter = new LocalCounter();
    OaasClient client = client(region.url);
    Counter proxy = client.proxy(Counter.class, counter, remote());
    assertEquals(5, proxy.add(5));
    assertEquals(12, proxy.add(7));
    assertEquals(12, counter.total());
    assertEquals(List.of(5, 7), counter.history());
    // And on the device, with the same object.
    Counter local = client.proxy(Counter.class, counter, OffloadOptions.defaults().prefer(Prefer.LOCAL));
    assertEquals(20, local.add(8));
    assertEquals(21, proxy.add(1));
    assertEquals(List.of(5, 7, 8, 1), counter.history());
  }

  @Test
  void stateOverJsonToo() {
    LocalCounter counter = new LocalCounter();
    Counter proxy = client(region.url).proxy(Counter.class, counter, remote().encoding(Encoding.JSON));
    proxy.add(5);
    assertEquals(12, proxy.add(7));
    assertEquals(List.of(5, 7), counter.history());
  }

  @Test
  void callsOfAnObjectWithStateDoNotMix() throws Exception {
    LocalCounter counter = new LocalCounter();
    Counter proxy = client(region.url).proxy(Counter.class, counter, remote());
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<Integer>> calls = new ArrayList<>();
    for (int i = 0; i < 40; i++) calls.add(threads.submit(() -> proxy.add(1)));
    for (Future<Integer> call : calls) call.get(60, TimeUnit.SECONDS);
    threads.shutdown();
    assertEquals(40, counter.total());
    assertEquals(40, counter.history().size());
  }

  /** The remote run wins while the rescue is still adding to its own copy: the state must not have both. */
  @Test
  void aRescueThatLosesLeavesNoTraceInTheState() throws Exception {
    LocalCounter counter = new LocalCounter();
    CountDownLatch rescued = new CountDownLatch(1);
    one.behaviour = two.behaviour = (agent, exchange, task) -> rescued.await(20, TimeUnit.SECONDS);
    OaasClient client = client(region.url);
    client.listen(new OaasListener() {
      @Override
      public void fallback(String appId, String method, String requestId, String cause) {
        rescued.countDown();
      }
    });
    OffloadOptions options = remote().idempotent(true).localEstimateMs(15_000).deadlineMs(20_000);
    Counter proxy = client.proxy(Counter.class, counter, options);
    Detailed<Integer> detailed = client.detailed(() -> proxy.addSlowOnDevice(3, 3_000));
    assertEquals(3, detailed.result);
    assertEquals(Where.REMOTE, detailed.ranOn);
    assertEquals(3, counter.total());
    FakeRegion.pause(3_500);
    assertEquals(3, counter.total());
    assertEquals(List.of(3), counter.history());
  }

  /** The remote answer of a race comes first; the device's run on its own copy leaves no trace. */
  @Test
  void aRaceThatTheSurrogateWinsHasItsStateAlone() throws Exception {
    LocalCounter counter = new LocalCounter();
    OaasClient client = client(region.url);
    Counter proxy = client.proxy(Counter.class, counter, OffloadOptions.defaults().idempotent(true));
    Detailed<Integer> detailed = client.detailed(() -> proxy.addSlowOnDevice(3, 3_000));
    assertEquals(3, detailed.result);
    assertEquals(Where.REMOTE, detailed.ranOn);
    FakeRegion.pause(3_500);
    assertEquals(3, counter.total());
    assertEquals(List.of(3), counter.history());
  }
}
