package dev.oaas.client;

import dev.oaas.Detailed;
import dev.oaas.OffloadException;

/** One declared method and what was measured of it. */
final class Method {
  final Host host;
  final Spec spec;
  final String name;
  final MethodOptions options;
  final History history;

  Method(Host host, Spec spec, String name, MethodOptions options) {
    this.host = host;
    this.spec = spec;
    this.name = name;
    this.options = options;
    history = new History(host, spec, options);
  }

  /** @throws Throwable an {@link OffloadException}, or what the local implementation threw */
  Detailed<Object> call(Work work) throws Throwable {
    if (host.closing.isCancelled()) throw new OffloadException(OffloadException.Code.CLOSED, "this client was closed; create a new one");
    Call call = new Call(this, work);
    try {
      return call.run();
    } finally {
      call.release();
    }
  }
}
