package dev.oaas.decide;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.oaas.PowerProfile;
import dev.oaas.wire.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The cases that hold every SDK to the same decisions, to the last bit. */
class DecideVectorsTest {
  private static Map<?, ?> vectors() throws Exception {
    Path file = Path.of(System.getProperty("oaas.vectors", "../vectors"), "decide.json");
    return (Map<?, ?>) Json.parse(Files.readString(file));
  }

  private static Double number(Map<?, ?> doc, String name) {
    Object value = doc.get(name);
    return value == null ? null : Double.valueOf(((Number) value).doubleValue());
  }

  private static int whole(Map<?, ?> doc, String name) {
    return ((Number) doc.get(name)).intValue();
  }

  private static DecisionInput input(Map<?, ?> doc) {
    DecisionInput input = new DecisionInput();
    Map<?, ?> local = (Map<?, ?>) doc.get("local");
    if (local != null) {
      input.local = new LocalView();
      input.local.meanMs = number(local, "meanMs");
      input.local.p95Ms = number(local, "p95Ms");
      input.local.samples = whole(local, "samples");
      input.local.ageMs = number(local, "ageMs");
      input.local.running = whole(local, "running");
      input.local.parallelism = whole(local, "parallelism");
      input.local.guessMs = number(local, "guessMs");
      input.local.error = number(local, "error");
    }
    Map<?, ?> remote = (Map<?, ?>) doc.get("remote");
    input.remote = new RemoteView();
    input.remote.available = (Boolean) remote.get("available");
    input.remote.predictedMs = number(remote, "predictedMs");
    input.remote.serverMs = number(remote, "serverMs");
    input.remote.serverP95Ms = number(remote, "serverP95Ms");
    input.remote.samples = whole(remote, "samples");
    input.remote.ageMs = number(remote, "ageMs");
    input.remote.placementMs = number(remote, "placementMs");
    input.remote.rttMs = number(remote, "rttMs");
    input.remote.bytesPerMs = number(remote, "bytesPerMs");
    input.remote.upBytes = number(remote, "upBytes");
    input.remote.downBytes = number(remote, "downBytes");
    input.remote.error = number(remote, "error");
    input.energyWeight = number(doc, "energyWeight");
    Map<?, ?> power = (Map<?, ?>) doc.get("power");
    input.power = new PowerProfile(number(power, "computeW"), number(power, "transferW"), number(power, "idleW"));
    input.deadlineMs = number(doc, "deadlineMs");
    input.last = doc.get("last") == null ? null : Where.valueOf(((String) doc.get("last")).toUpperCase(Locale.ROOT));
    input.explore = (Boolean) doc.get("explore");
    input.sinceExplore = whole(doc, "sinceExplore");
    input.second = SecondRun.valueOf(((String) doc.get("second")).toUpperCase(Locale.ROOT));
    return input;
  }

  @Test
  void everyCaseToTheLastBit() throws Exception {
    List<?> cases = (List<?>) vectors().get("cases");
    assertTrue(cases.size() >= 200, "only " + cases.size() + " cases");
    for (Object each : cases) {
      Map<?, ?> vector = (Map<?, ?>) each;
      String name = (String) vector.get("name");
      Map<?, ?> expected = (Map<?, ?>) vector.get("expected");
      Decision decision = Decide.decide(input((Map<?, ?>) vector.get("input")));
      assertEquals(expected.get("where"), decision.where.name().toLowerCase(Locale.ROOT), name);
      assertEquals(expected.get("code"), decision.code, name);
      assertEquals(number(expected, "localMs"), decision.localMs, name);
      assertEquals(number(expected, "remoteMs"), decision.remoteMs, name);
      assertEquals(number(expected, "cost"), decision.cost, name);
      assertEquals(number(expected, "hedgeMs"), decision.hedgeMs, name);
    }
    System.out.println("decided alike: " + cases.size() + " cases");
  }

  @Test
  void constantsAreTheContracts() throws Exception {
    Map<?, ?> constants = (Map<?, ?>) vectors().get("constants");
    assertEquals(number(constants, "priorWeight"), Decide.PRIOR_WEIGHT);
    assertEquals(number(constants, "maxWeight"), Decide.MAX_WEIGHT);
    assertEquals(number(constants, "hysteresis"), Decide.HYSTERESIS);
    assertEquals(number(constants, "exploreRatio"), Decide.EXPLORE_RATIO);
    assertEquals(number(constants, "deadlineMargin"), Decide.DEADLINE_MARGIN);
    assertEquals(number(constants, "raceGain"), Decide.RACE_GAIN);
    assertEquals(number(constants, "raceRatio"), Decide.RACE_RATIO);
    assertEquals(number(constants, "hedgeErrors"), Decide.HEDGE_ERRORS);
    assertEquals(number(constants, "steadyError"), Decide.STEADY_ERROR);
    assertEquals(number(constants, "boundMs"), Decide.BOUND_MS);
    assertEquals(number(constants, "exploreEvery"), Decide.EXPLORE_EVERY);
    assertEquals(number(constants, "staleMs"), Decide.STALE_MS);
  }
}
