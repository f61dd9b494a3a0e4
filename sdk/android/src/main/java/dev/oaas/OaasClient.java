package dev.oaas;

import dev.oaas.client.Engine;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * A client of one OaaS system. Thread-safe.
 *
 * <p>Lifecycle: measures the regions when created, keeps tickets renewed while they are used, and has daemon threads only. Call {@link #close} when
 * done. Calls block: on Android make them from a worker, never from the main thread.
 */
public final class OaasClient implements AutoCloseable {
  private final Engine engine;
  /** The call that this thread made last, while {@link #detailed} asks for it. */
  private final ThreadLocal<Detailed<?>[]> lastCall = new ThreadLocal<>();

  /** @throws IllegalArgumentException on options that cannot work, naming the fix */
  public OaasClient(OaasOptions options) {
    List<String> faults = options.faults();
    if (!faults.isEmpty()) throw new IllegalArgumentException(String.join("; ", faults));
    engine = new Engine(options);
  }

  /**
   * An object to use in place of {@code local}: its {@link Offloadable} methods run there or on a surrogate.
   *
   * @param local the app's object, whose instance fields travel with its calls; {@code null}: it can only run remotely
   */
  public <T> T proxy(Class<T> type, T local) {
    return proxy(type, local, OffloadOptions.defaults());
  }

  /** The same with options, which overrule the annotations. */
  public <T> T proxy(Class<T> type, T local, OffloadOptions options) {
    if (!type.isInterface()) throw new IllegalArgumentException(type.getName() + " is no interface: declare one for the methods to offload");
    return engine.proxy(type, local, options, this::remember);
  }

  /**
   * A method of any registered app by name.
   *
   * @param resultType class of the result; {@code Object.class}: as the JSON says; {@code Void.class}: none is expected
   * @param local the same on the device; {@code null}: it can only run remotely
   */
  public <R> Offloaded<R> method(String appId, String name, Class<R> resultType, LocalFunction<R> local, OffloadOptions options) {
    if (appId == null || appId.isEmpty() || name == null || name.isEmpty()) {
      throw new IllegalArgumentException("appId and name must be given, received " + appId + ", " + name);
    }
    Engine.Caller caller = engine.method(appId, name, resultType, local, options);
    return new Offloaded<R>() {
      @Override
      public R call(Object... arguments) throws Exception {
        return detailed(arguments).result;
      }

      @Override
      public Detailed<R> detailed(Object... arguments) throws Exception {
        Detailed<Object> detailed;
        try {
          detailed = caller.call(arguments);
        } catch (Exception | Error e) {
          throw e;
        } catch (Throwable e) {
          throw new IllegalStateException(e);
        }
        remember(detailed);
        return detailed.withResult(resultType.cast(detailed.result));
      }
    };
  }

  /**
   * Makes one call of a proxy and tells where it ran, why, and how long each hop took: {@code client.detailed(() -> chess.bestMove(fen, 4))}.
   *
   * @throws IllegalArgumentException when {@code call} offloads nothing
   */
  public <R> Detailed<R> detailed(Callable<R> call) throws Exception {
    Detailed<?>[] outer = lastCall.get();
    Detailed<?>[] here = new Detailed<?>[1];
    lastCall.set(here);
    try {
      R result = call.call();
      if (here[0] == null) throw new IllegalArgumentException("nothing was offloaded: make a call of a proxy of this client");
      return here[0].withResult(result);
    } finally {
      if (outer == null) lastCall.remove();
      else lastCall.set(outer);
    }
  }

  /** Waits until the regions were measured for the first time; calls wait for it by themselves. @return false: not within that time */
  public boolean awaitReady(double timeoutMs) {
    return engine.awaitReady(timeoutMs);
  }

  /** Regions in the order in which they would be asked now. */
  public List<RegionInfo> regions() {
    return engine.regions();
  }

  /** Listens to events. @return stops listening */
  public Runnable listen(OaasListener listener) {
    return engine.listen(listener);
  }

  /** Ends background work and connections; calls in progress end with {@link OffloadException.Code#CLOSED}. Safe to repeat. */
  @Override
  public void close() {
    engine.close();
  }

  private void remember(Detailed<?> detailed) {
    Detailed<?>[] asked = lastCall.get();
    if (asked != null) asked[0] = detailed;
  }
}
