package dev.oaas.client;

import dev.oaas.wire.Payload;
import dev.oaas.wire.WireException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A surrogate's answer to a task that ran. */
final class TaskReply {
  final String vmId;
  final List<String> hops;
  final Payload result;
  /** {@code null}: none. */
  final Payload state;
  final double queueMs;
  final double cloudMs;
  final double totalMs;
  final double cpuMs;
  final double handoffMs;
  /** Of the proxy route; {@code null}: not told. */
  final Double t2Ms;
  final Double placementMs;

  private TaskReply(Map<?, ?> doc, Map<?, ?> timings) {
    vmId = String.valueOf(Docs.text(doc, "vmId"));
    hops = new ArrayList<>();
    for (Object hop : Docs.list(doc, "hops")) hops.add(String.valueOf(hop));
    result = Payload.fromJson(doc.get("result"));
    state = doc.get("state") == null ? null : Payload.fromJson(doc.get("state"));
    queueMs = Docs.number(timings, "queueMs", 0);
    cloudMs = Docs.number(timings, "cloudMs", 0);
    totalMs = Docs.number(timings, "totalMs", 0);
    cpuMs = Docs.number(timings, "cpuMs", 0);
    handoffMs = Docs.number(timings, "handoffMs", 0);
    t2Ms = Docs.number(doc, "t2Ms");
    placementMs = Docs.number(doc, "placementMs");
  }

  /** {@code null}: the text is no task response. */
  static TaskReply read(String text) {
    Map<?, ?> doc = Docs.object(text);
    Map<?, ?> timings = Docs.object(doc, "timings");
    if (timings == null) return null;
    try {
      return new TaskReply(doc, timings);
    } catch (WireException e) {
      return null;
    }
  }
}
