package dev.oaas.surrogate;

import dev.oaas.wire.Implementations;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A call of nothing, so that loading and linking of what every call needs is done before the request comes. */
public class Rehearsal implements Play {
  private long calls;

  @Override
  public List<String> play(String text, int number, double[] numbers, Map<String, Long> map) {
    calls++;
    return Collections.singletonList(text);
  }

  static void run() {
    Implementations app =
        Implementations.load(
            Rehearsal.class.getClassLoader(), Collections.singletonList(Rehearsal.class.getName()), Collections.emptyList());
    String request =
        "{\"requestId\":\"\",\"method\":\"play\",\"args\":{\"type\":\"application/json\",\"json\":[\"a\",1,[1.5],{\"b\":2}]}"
            + ",\"state\":{\"type\":\"application/json\",\"json\":{\"calls\":1}}}";
    Runner.perform(app, request.getBytes(StandardCharsets.UTF_8), CpuTime.usedUs());
  }
}
