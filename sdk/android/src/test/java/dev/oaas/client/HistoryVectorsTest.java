package dev.oaas.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.oaas.DeviceProfile;
import dev.oaas.OffloadOptions;
import dev.oaas.PowerProfile;
import dev.oaas.decide.Decision;
import dev.oaas.decide.Where;
import dev.oaas.wire.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Sequences of calls that hold every SDK's estimators, cost model and sizes to the same decisions, to the last bit. */
class HistoryVectorsTest {
  private static final String CANDIDATE = "vm-1";

  private static Double number(Map<?, ?> doc, String name) {
    Object value = doc.get(name);
    return value == null ? null : Double.valueOf(((Number) value).doubleValue());
  }

  private static Where where(Map<?, ?> doc) {
    return Where.valueOf(((String) doc.get("where")).toUpperCase(Locale.ROOT));
  }

  /** The client of one sequence, whose surroundings are those of the step at hand. */
  private static final class Client implements Surroundings {
    final History[] methods = new History[2];
    private final Surrogates surrogates = new Surrogates();
    private final CostModel costs = new CostModel();
    private final DeviceProfile device;
    Map<?, ?> around;

    Client(Map<?, ?> options, double energyWeight) {
      device = DeviceProfile.ofWeight(new PowerProfile(0.9, 1.3, 0.3), energyWeight);
      OffloadOptions chosen = OffloadOptions.defaults()
          .idempotent((Boolean) options.get("idempotent"))
          .localRunsAside((Boolean) options.get("localRunsAside"))
          .localParallelism(number(options, "localParallelism").intValue())
          .explore((Boolean) options.get("explore"));
      if (options.get("localEstimateMs") != null) chosen.localEstimateMs(number(options, "localEstimateMs"));
      for (int i = 0; i < 2; i++) methods[i] = new History(this, new Spec("app-" + i, chosen), new MethodOptions(chosen, null, false));
    }

    @Override
    public Held held(Spec spec) {
      return around.get("ticketMs") == null ? null : new Held(number(around, "ticketMs"), CANDIDATE);
    }

    @Override
    public Double placementMs(Spec spec) {
      return number(around, "placementMs");
    }

    @Override
    public boolean usesTickets() {
      return true;
    }

    @Override
    public Double regionRttMs() {
      return number(around, "regionRttMs");
    }

    @Override
    public String network() {
      return (String) around.get("network");
    }

    @Override
    public LinkEstimator link(String network, String target) {
      return surrogates.link(network + " " + target);
    }

    @Override
    public CostModel costs() {
      return costs;
    }

    @Override
    public DeviceProfile device() {
      return device;
    }
  }

  private static RemoteRun run(Map<?, ?> step) {
    Map<?, ?> timings = (Map<?, ?>) step.get("timings");
    return new RemoteRun(
        number(timings, "totalMs"), number(timings, "cloudMs"), number(timings, "cpuMs"), number(step, "t2Ms"), number(step, "bytes").longValue(),
        number(step, "receivedBytes").longValue(), (String) step.get("target"), number(step, "predictedMs"));
  }

  private static void check(String name, Map<?, ?> step, History method, double nowMs, String size) {
    Map<?, ?> expected = (Map<?, ?>) step.get("expected");
    Decision decision = method.decide(nowMs, number(step, "deadlineMs"), size);
    assertEquals(where(expected), decision.where, name);
    assertEquals(expected.get("code"), decision.code, name);
    assertEquals(number(expected, "localMs"), decision.localMs, name);
    assertEquals(number(expected, "remoteMs"), decision.remoteMs, name);
    assertEquals(number(expected, "cost"), decision.cost, name);
    assertEquals(number(expected, "hedgeMs"), decision.hedgeMs, name);
    Map<?, ?> unmeasured = (Map<?, ?>) step.get("unmeasured");
    assertEquals(unmeasured.get("local"), method.unmeasured(size).local, name);
    assertEquals(unmeasured.get("remote"), method.unmeasured(size).remote, name);
  }

  @Test
  void everySequenceToTheLastBit() throws Exception {
    Path file = Path.of(System.getProperty("oaas.vectors", "../vectors"), "history.json");
    List<?> cases = (List<?>) ((Map<?, ?>) Json.parse(Files.readString(file))).get("cases");
    int decisions = 0;
    for (Object each : cases) {
      Map<?, ?> vector = (Map<?, ?>) each;
      Client client = new Client((Map<?, ?>) vector.get("options"), number(vector, "energyWeight"));
      int index = 0;
      for (Object one : (List<?>) vector.get("steps")) {
        Map<?, ?> step = (Map<?, ?>) one;
        String name = vector.get("name") + ", step " + index++;
        client.around = step;
        History method = client.methods[number(step, "method").intValue()];
        String size = (String) step.get("size");
        double nowMs = number(step, "nowMs");
        switch ((String) step.get("do")) {
          case "decide":
            check(name, step, method, nowMs, size);
            decisions++;
            break;
          case "local":
            method.ranLocally(number(step, "ms"), nowMs, size);
            break;
          case "remote":
            method.ranRemotely(run(step), nowMs, size);
            break;
          case "gaveUp":
            method.gaveUpRemotely(number(step, "elapsedMs"), nowMs, size);
            break;
          case "awaits":
            method.awaits(size);
            break;
          case "heard":
            method.heard(size);
            break;
          case "ended":
            method.ended(where(step), size);
            break;
          default:
            throw new AssertionError(name + ": " + step.get("do"));
        }
      }
    }
    assertTrue(decisions >= 200, "only " + decisions + " decisions");
    System.out.println("decided alike after what was learned: " + decisions + " decisions");
  }
}
