package dev.oaas.client;

import dev.oaas.Attempt;
import dev.oaas.OffloadException;
import dev.oaas.net.Cancel;
import dev.oaas.net.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;

/** What the two sides of one call share. */
final class CallContext {
  final Host host;
  final Spec spec;
  final String name;
  final MethodOptions options;
  final History history;
  final Work work;
  /** See {@link dev.oaas.OffloadOptions#sizeOf}. */
  final String size;
  final String requestId = UUID.randomUUID().toString();
  final double startMs = Clock.nowMs();
  final double endsAtMs;
  final Cancel cancel;
  private final List<Attempt> attempts = Collections.synchronizedList(new ArrayList<>());

  CallContext(Method method, Work work) {
    host = method.host;
    spec = method.spec;
    name = method.name;
    options = method.options;
    history = method.history;
    this.work = work;
    size = options.sizeOf(work.arguments());
    endsAtMs = startMs + options.deadlineMs;
    cancel = Cancel.childOf(host.closing);
  }

  void attempted(Attempt attempt) {
    attempts.add(attempt);
    host.events.emit(l -> l.attempt(spec.appId, name, requestId, attempt));
  }

  void emitFallback(String cause) {
    host.events.emit(l -> l.fallback(spec.appId, name, requestId, cause));
  }

  List<Attempt> attempts() {
    synchronized (attempts) {
      return new ArrayList<>(attempts);
    }
  }

  OffloadException closed() {
    return new OffloadException(OffloadException.Code.CLOSED, "the client was closed during the call");
  }

  OffloadException failure(RemoteOutcome outcome) {
    return Failures.of(spec.appId + "." + name, options.idempotent, outcome);
  }
}
