package dev.oaas.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.oaas.Detailed;
import dev.oaas.DeviceProfile;
import dev.oaas.OaasClient;
import dev.oaas.OaasListener;
import dev.oaas.OaasOptions;
import dev.oaas.OffloadException;
import dev.oaas.OffloadOptions;
import dev.oaas.PowerProfile;
import dev.oaas.Prefer;
import dev.oaas.decide.Where;
import dev.oaas.samples.Samples.Counter;
import dev.oaas.samples.Samples.LocalCounter;
import dev.oaas.samples.Samples.LocalMaths;
import dev.oaas.samples.Samples.Maths;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Where calls run, by what was measured and by the device that asks. */
class DecisionTest extends ClientTest {
  @Test
  void aRegionThatSaysLocalIsObeyed() throws Exception {
    region.behaviour = FakeRegion::sayLocal;
    OaasClient client = client(region.url);
    List<String> fallbacks = new ArrayList<>();
    client.listen(new OaasListener() {
      @Override
      public void fallback(String appId, String method, String requestId, String cause) {
        fallbacks.add(cause);
      }
    });
    Maths maths = client.proxy(Maths.class, new LocalMaths(), OffloadOptions.defaults().localRunsAside(false));
    Detailed<Integer> detailed = client.detailed(() -> maths.sum(new int[] {2}));
    assertEquals("region-says-local", detailed.reason);
    assertEquals(List.of("all full"), fallbacks);
  }

  @Test
  void aSilentSurrogateIsOverruledByTheDeadline() {
    one.behaviour = two.behaviour = (agent, exchange, task) -> {
      FakeRegion.pause(20_000);
      return false;
    };
    Maths maths = maths(remote().idempotent(false).deadlineMs(5_000));
    long beganNs = System.nanoTime();
    OffloadException late = assertThrows(OffloadException.class, () -> maths.sum(new int[] {1}));
    assertEquals(OffloadException.Code.DEADLINE_EXCEEDED, late.code());
    double ms = (System.nanoTime() - beganNs) / 1e6;
    assertTrue(ms >= 4_950 && ms < 19_000, ms + " ms");
  }

  @Test
  void anIdempotentCallThatIsLateIsRescuedHere() throws Exception {
    one.behaviour = two.behaviour = (agent, exchange, task) -> {
      FakeRegion.pause(20_000);
      return false;
    };
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), remote().localEstimateMs(100).deadlineMs(8_000));
    Detailed<Integer> detailed = client.detailed(() -> maths.sum(new int[] {1, 1}));
    assertEquals(2, detailed.result);
    assertEquals("deadline-threatened", detailed.reason);
    assertEquals(Where.LOCAL, detailed.ranOn);
  }

  @Test
  void theDecisionLearnsBothSides() throws Exception {
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), OffloadOptions.defaults().localRunsAside(false));
    List<String> reasons = new ArrayList<>();
    for (int i = 0; i < 60; i++) reasons.add(client.detailed(() -> maths.sum(new int[] {1})).reason);
    assertEquals("unmeasured-remote", reasons.get(0));
    assertTrue(reasons.contains("explore-local") && reasons.contains("faster-local"), reasons.toString());
    // An addition is never worth a message.
    assertEquals("faster-local", reasons.get(59));
    Detailed<Integer> last = client.detailed(() -> maths.sum(new int[] {1}));
    assertTrue(last.why.startsWith("faster-local: local "), last.why);
  }

  /** Neither side is known: both run, and while the slower answer is awaited nobody asks for the same again. */
  @Test
  void aRaceTeachesBothSidesAndIsNotRepeatedMeanwhile() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    one.behaviour = two.behaviour = (agent, exchange, task) -> answer.await(20, TimeUnit.SECONDS);
    OaasClient client = client(region.url);
    Maths maths = client.proxy(Maths.class, new LocalMaths());
    Detailed<Integer> first = client.detailed(() -> maths.sum(new int[] {1, 2}));
    assertEquals(3, first.result);
    assertEquals(Where.LOCAL, first.ranOn);
    assertEquals("unmeasured-remote", first.reason);
    for (int i = 0; i < 20; i++) assertEquals("faster-local", client.detailed(() -> maths.sum(new int[] {1})).reason);
    eventually("the first call arrived", () -> one.requests.get() + two.requests.get() == 1);
    answer.countDown();
    eventually("it ran there too", () -> one.runs.get() + two.runs.get() == 1);
  }

  @Test
  void aLateAnswerStartsTheDevice() throws Exception {
    OaasClient client = client(region.url);
    OffloadOptions options = OffloadOptions.defaults().localEstimateMs(1_000).localRunsAside(false);
    Maths maths = client.proxy(Maths.class, new LocalMaths(), options);
    for (String reason = ""; !reason.equals("faster-remote");) reason = client.detailed(() -> maths.sum(new int[] {1})).reason;
    one.behaviour = two.behaviour = (agent, exchange, task) -> {
      FakeRegion.pause(20_000);
      return false;
    };
    Detailed<Integer> late = client.detailed(() -> maths.sum(new int[] {1, 1}));
    assertEquals(2, late.result);
    assertEquals("answer-late", late.reason);
    assertEquals(Where.LOCAL, late.ranOn);
  }

  /** The prediction for one size is what was measured of it, not of the other. */
  @Test
  void sizesOfOneMethodAreMeasuredApart() throws Exception {
    OaasClient client = client(region.url);
    OffloadOptions options = OffloadOptions.defaults().prefer(Prefer.AUTO).explore(false).localEstimateMs(10_000);
    Counter counter = client.proxy(Counter.class, new LocalCounter(), options.sizeOf(arguments -> (long) arguments[1] > 50 ? "long" : "short"));
    for (int i = 0; i < 8; i++) {
      client.detailed(() -> counter.slowAdd(1, 300));
      client.detailed(() -> counter.slowAdd(1, 1));
    }
    double longMs = remoteMs(client.detailed(() -> counter.slowAdd(1, 300)).why);
    double shortMs = remoteMs(client.detailed(() -> counter.slowAdd(1, 1)).why);
    assertTrue(longMs >= 150 && shortMs < longMs, shortMs + " and " + longMs);
  }

  private static double remoteMs(String why) {
    return Double.parseDouble(why.replaceAll(".*remote ([0-9.]+) ms.*", "$1"));
  }

  @Test
  void anotherNetworkIsAnotherLink() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    String[] name = {"wifi"};
    OaasOptions options = OaasOptions.withKey("device-key").endpoints(region.url).probeIntervalMs(0).network(() -> {
      asked.incrementAndGet();
      return name[0];
    });
    OaasClient client = closing(new OaasClient(options));
    assertTrue(client.awaitReady(20_000));
    Maths maths = client.proxy(Maths.class, new LocalMaths(), OffloadOptions.defaults().localRunsAside(false));
    maths.sum(new int[] {1});
    assertTrue(asked.get() > 0);
    int pings = region.pings.get();
    maths.sum(new int[] {1});
    name[0] = "cellular";
    maths.sum(new int[] {1});
    eventually("the regions are measured anew", () -> region.pings.get() > pings);
    // A name that cannot be had costs no call.
    name[0] = null;
    assertEquals(1, maths.sum(new int[] {1}));
  }

  @Test
  void energyAloneDecidesWhenItsWeightIsOne() throws Exception {
    OaasOptions options = OaasOptions.withKey("k").endpoints(region.url).probeIntervalMs(0).energy(1, new PowerProfile(100, 0.001, 0.001));
    OaasClient client = closing(new OaasClient(options));
    CountDownLatch ticket = new CountDownLatch(1);
    client.listen(new OaasListener() {
      @Override
      public void ticket(String appId, String region, String mode, double expiresInMs, boolean renewal, double placementMs) {
        ticket.countDown();
      }
    });
    Counter slow = client.proxy(Counter.class, new LocalCounter(), OffloadOptions.defaults().localEstimateMs(40).explore(false));
    assertTrue(ticket.await(20, TimeUnit.SECONDS));
    // Measured at 80 ms against the device's 40: slower, and still taken.
    for (int i = 0; i < 8; i++) slow.slowAdd(1, 80);
    assertEquals("cheaper-remote", client.detailed(() -> slow.slowAdd(1, 80)).reason);
  }

  @Test
  void theBatteryWeighsEnergy() throws Exception {
    PowerProfile power = PowerProfile.ofCurrents(250, 350, 80, 4);
    assertEquals(1.0, power.computeW);
    assertEquals(0, DeviceProfile.ofBattery(power, 0.1, true).energyWeight);
    assertEquals(0, DeviceProfile.ofBattery(power, 0.9, false).energyWeight);
    assertEquals(1, DeviceProfile.ofBattery(power, 0.1, false).energyWeight);
    assertEquals(0.5, DeviceProfile.ofBattery(power, 0.475, false).energyWeight, 1e-12);
    assertThrows(IllegalArgumentException.class, () -> DeviceProfile.ofBattery(power, 1.1, false));
    assertThrows(IllegalArgumentException.class, () -> DeviceProfile.ofWeight(power, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new PowerProfile(-1, 0, 0));
    // A sensor that fails costs no call.
    OaasOptions options = OaasOptions.withKey("k").endpoints(region.url).probeIntervalMs(0).device(() -> {
      throw new IllegalStateException("no sensor");
    });
    OaasClient client = closing(new OaasClient(options));
    assertEquals(3, client.proxy(Maths.class, new LocalMaths()).sum(new int[] {1, 2}));
  }
}
