package dev.oaas.client;

import dev.oaas.Detailed;
import java.lang.reflect.InvocationHandler;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** What stands behind a proxy: offloadable methods go through the SDK, all others to the app's object. */
final class OffloadingHandler implements InvocationHandler {
  private final Class<?> face;
  private final Map<java.lang.reflect.Method, Method> offloadable;
  private final ObjectWork.Carrier carrier;
  private final Consumer<Detailed<?>> report;
  /** An object with state is called one at a time; {@code null}: it has none. */
  private final ReentrantLock exclusive;

  OffloadingHandler(
      Class<?> face, Map<java.lang.reflect.Method, Method> offloadable, ObjectWork.Carrier carrier, Consumer<Detailed<?>> report) {
    this.face = face;
    this.offloadable = offloadable;
    this.carrier = carrier;
    this.report = report;
    exclusive = carrier.state == null ? null : new ReentrantLock(true);
  }

  @Override
  public Object invoke(Object proxy, java.lang.reflect.Method method, Object[] arguments) throws Throwable {
    Method declared = offloadable.get(method);
    if (declared == null) return invokeHere(proxy, method, arguments);
    if (exclusive != null) exclusive.lock();
    try {
      Detailed<Object> detailed = declared.call(new ObjectWork(carrier, method, arguments));
      report.accept(detailed);
      return detailed.result;
    } finally {
      if (exclusive != null) exclusive.unlock();
    }
  }

  private Object invokeHere(Object proxy, java.lang.reflect.Method method, Object[] arguments) throws Throwable {
    if (method.getDeclaringClass() == Object.class) {
      switch (method.getName()) {
        case "equals":
          return proxy == arguments[0];
        case "hashCode":
          return System.identityHashCode(proxy);
        default:
          return "offloading " + (carrier.target == null ? face.getName() : carrier.target.toString());
      }
    }
    if (carrier.target == null) {
      throw new UnsupportedOperationException(method + " is not @Offloadable, and there is no local implementation");
    }
    if (exclusive != null) exclusive.lock();
    try {
      return ObjectWork.invoke(carrier.target, method, arguments);
    } finally {
      if (exclusive != null) exclusive.unlock();
    }
  }
}
