package dev.oaas.surrogate;

import dev.oaas.wire.Implementations;
import dev.oaas.wire.Json;
import dev.oaas.wire.Payload;
import dev.oaas.wire.Reply;
import dev.oaas.wire.WireException;
import java.io.ByteArrayInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs one call of one app inside a sandbox, then waits to be killed. Started before the request comes:
 *
 * <pre>load the app ──► say `ready` ──► block until one request arrives ──► run ──► answer ──► killed</pre>
 *
 * Standard input is a socket to the agent, read and written in frames of a 4-byte little-endian length and JSON; what the app and the
 * virtual machine print is log. Arguments: the app's JAR, APK or DEX file, its implementations and its further classes, both separated by commas.
 * Without arguments it only rehearses: that is the run whose classes are archived.
 */
public final class Runner {
  private Runner() {}

  public static void main(String[] args) throws IOException {
    Channel channel = new Channel(new FileInputStream(FileDescriptor.in), new FileOutputStream(FileDescriptor.in));
    System.setIn(new ByteArrayInputStream(new byte[0]));
    if (args.length == 0) {
      Rehearsal.run();
      return;
    }
    Implementations app;
    try {
      ClassLoader loader = AppLoader.of(args[0]);
      Thread.currentThread().setContextClassLoader(loader);
      app = Implementations.load(loader, names(args[1]), args.length > 2 ? names(args[2]) : Collections.emptyList());
      Rehearsal.run();
    } catch (Throwable problem) {
      channel.send(failed("ready", problem));
      return;
    }
    Map<String, Object> ready = new LinkedHashMap<>();
    ready.put("ready", true);
    ready.put("prepCpuUs", CpuTime.usedUs());
    channel.send(Json.write(ready));
    long before = CpuTime.usedUs();
    channel.send(perform(app, channel.receive(), before));
    // An orderly exit would take milliseconds of CPU from the neighbours: wait for the kill instead.
    channel.awaitEnd();
  }

  /**
   * Runs the method and answers the frame's content.
   *
   * @param before CPU used until the request came, read while there was time
   */
  static String perform(Implementations app, byte[] request, long before) {
    Map<String, Object> answer;
    try {
      Map<?, ?> task = (Map<?, ?>) Json.parse(new String(request, StandardCharsets.UTF_8));
      Object state = task.get("state");
      Payload stateBefore = state == null ? null : Payload.fromJson(state);
      Reply reply = app.invoke((String) task.get("method"), Payload.fromJson(task.get("args")), stateBefore);
      answer = new LinkedHashMap<>();
      answer.put("ok", true);
      answer.put("cpuUs", CpuTime.sinceUs(before));
      answer.put("result", reply.result.toJson());
      if (reply.state != null) answer.put("state", reply.state.toJson());
      return Json.write(answer);
    } catch (Throwable problem) {
      return failed("ok", problem, CpuTime.sinceUs(before));
    }
  }

  private static String failed(String what, Throwable problem, long... cpuUs) {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put(what, false);
    answer.put("error", describe(problem));
    if (cpuUs.length > 0) answer.put("cpuUs", cpuUs[0]);
    return Json.write(answer);
  }

  private static String describe(Throwable problem) {
    // The wire's own words say what to do; its class would say nothing.
    return problem instanceof WireException
        ? problem.getMessage()
        : problem.getClass().getName() + ": " + problem.getMessage();
  }

  private static List<String> names(String list) {
    return list.isEmpty() ? Collections.emptyList() : Arrays.asList(list.split(","));
  }
}
