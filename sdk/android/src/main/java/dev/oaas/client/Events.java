package dev.oaas.client;

import dev.oaas.OaasListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** The listeners of a client. */
final class Events {
  private final List<OaasListener> listeners = new CopyOnWriteArrayList<>();

  /** @return stops listening */
  Runnable add(OaasListener listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  void emit(Consumer<OaasListener> event) {
    for (OaasListener listener : listeners) {
      try {
        event.accept(listener);
      } catch (RuntimeException e) {
        // A meter must not break the call it measures.
      }
    }
  }

  void clear() {
    listeners.clear();
  }
}
