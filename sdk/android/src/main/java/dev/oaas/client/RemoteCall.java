package dev.oaas.client;

import dev.oaas.Attempt;
import dev.oaas.net.Cancel;
import dev.oaas.net.Clock;
import dev.oaas.wire.Json;
import dev.oaas.wire.Payload;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** One call as the remote side sees it. */
final class RemoteCall {
  private static final double LONGEST_DEADLINE_MS = 3_600_000;

  final Spec spec;
  final String method;
  final String requestId;
  final Payload args;
  /** {@code null}: none. */
  final Payload state;
  final boolean idempotent;
  /** {@code null}: the region is not to weigh it against the device. */
  final Double localEstimateMs;
  /** Recent mean time of the method on a surrogate, to weigh this client's own load. */
  final double runMs;
  /** Monotonic time after which nobody waits any more. */
  final double endsAtMs;
  final Cancel cancel;
  final Consumer<Attempt> attempted;

  RemoteCall(
      Spec spec, String method, String requestId, Payload args, Payload state, boolean idempotent, Double localEstimateMs, double runMs,
      double endsAtMs, Cancel cancel, Consumer<Attempt> attempted) {
    this.spec = spec;
    this.method = method;
    this.requestId = requestId;
    this.args = args;
    this.state = state;
    this.idempotent = idempotent;
    this.localEstimateMs = localEstimateMs;
    this.runMs = runMs;
    this.endsAtMs = endsAtMs;
    this.cancel = cancel;
    this.attempted = attempted;
  }

  double leftMs() {
    return endsAtMs - Clock.nowMs();
  }

  boolean isOver() {
    return leftMs() <= 0 || cancel.isCancelled();
  }

  /** Silence beyond this is held against the VM rather than the method. */
  double patienceMs() {
    return 3 * Math.max(runMs, 100);
  }

  /** The task request; with the fields of a placement in front: an invocation. */
  String body(Map<String, Object> before, double timeoutMs) {
    Map<String, Object> body = new LinkedHashMap<>(before);
    body.put("requestId", requestId);
    body.put("method", method);
    body.put("args", args.toJson());
    if (state != null) body.put("state", state.toJson());
    body.put("deadlineMs", Math.max(1, Math.min(timeoutMs, LONGEST_DEADLINE_MS)));
    return Json.write(body);
  }
}
