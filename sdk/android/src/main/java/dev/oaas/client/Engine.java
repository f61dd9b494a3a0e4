package dev.oaas.client;

import dev.oaas.Detailed;
import dev.oaas.LocalFunction;
import dev.oaas.OaasListener;
import dev.oaas.OaasOptions;
import dev.oaas.OffloadOptions;
import dev.oaas.Offloadable;
import dev.oaas.Prefer;
import dev.oaas.RegionInfo;
import dev.oaas.net.Cancel;
import dev.oaas.net.Clock;
import dev.oaas.net.Exchange;
import dev.oaas.net.Request;
import dev.oaas.net.SocketTransport;
import dev.oaas.net.Threads;
import dev.oaas.net.Transport;
import dev.oaas.wire.AllowList;
import dev.oaas.wire.Codec;
import dev.oaas.wire.JsonBinder;
import dev.oaas.wire.OffloadableMethods;
import dev.oaas.wire.State;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Everything behind a client; apps use {@link dev.oaas.OaasClient}. */
public final class Engine {
  private static final double WARM_TIMEOUT_MS = 2_000;

  private final Events events = new Events();
  private final Cancel closing = new Cancel();
  private final Threads threads = new Threads();
  private final Transport transport = new SocketTransport(threads);
  private final Surrogates surrogates = new Surrogates();
  private final Regions regions;
  private final Tickets tickets;
  private final Host host;

  public Engine(OaasOptions options) {
    regions = new Regions(options, transport, events, threads, closing);
    Placement placement = new Placement(regions, transport, threads, options.apiKey());
    tickets = new Tickets(placement, threads, events, closing, options.placementTimeoutMs(), this::warm);
    Route route = options.route() == OaasOptions.Route.DIRECT
        ? new DirectRoute(tickets, surrogates, transport)
        : new ProxyRoute(regions, transport, options.apiKey());
    host = new Host(events, tickets, surrogates, regions, options, closing, route, threads);
    regions.start();
  }

  /** A proxy of the interface. @param target {@code null}: there is no local implementation */
  public <T> T proxy(Class<T> face, T target, OffloadOptions options, Consumer<Detailed<?>> report) {
    Map<String, java.lang.reflect.Method> found = OffloadableMethods.of(face);
    if (found.isEmpty()) throw new IllegalArgumentException(face.getName() + " has no @Offloadable method");
    AllowList.Builder allowed = AllowList.builder();
    for (java.lang.reflect.Method method : found.values()) allowed.signature(method);
    for (Class<?> type : options.classes()) allowed.add(type);
    State state = target == null ? null : new State(target.getClass());
    boolean keepsState = state != null && !state.isEmpty();
    if (keepsState) allowed.add(target.getClass());
    AllowList list = allowed.build();
    Spec spec = new Spec(appOf(face, options), options);
    Map<java.lang.reflect.Method, Method> methods = new HashMap<>();
    for (Map.Entry<String, java.lang.reflect.Method> entry : found.entrySet()) {
      java.lang.reflect.Method method = entry.getValue();
      // The implementation, or the interface, may not be public.
      method.setAccessible(true);
      MethodOptions own = new MethodOptions(options, OffloadableMethods.annotation(method), keepsState);
      methods.put(method, new Method(host, spec, entry.getKey(), own));
      prefetch(spec, entry.getKey(), options);
    }
    ObjectWork.Carrier carrier =
        new ObjectWork.Carrier(options.encoding(), new Codec(list), new JsonBinder(list), keepsState ? state : null, target);
    OffloadingHandler handler = new OffloadingHandler(face, methods, carrier, report);
    return face.cast(Proxy.newProxyInstance(face.getClassLoader(), new Class<?>[] {face}, handler));
  }

  /** Calls a method that is declared by name. */
  public interface Caller {
    Detailed<Object> call(Object[] arguments) throws Throwable;
  }

  /** A method of an app by name. @param local {@code null}: it can only run remotely */
  public Caller method(String appId, String name, Class<?> resultClass, LocalFunction<?> local, OffloadOptions options) {
    AllowList.Builder allowed = AllowList.builder();
    for (Class<?> type : options.classes()) allowed.add(type);
    AllowList list = allowed.build();
    Spec spec = new Spec(appId, options);
    Method method = new Method(host, spec, name, new MethodOptions(options, null, false));
    FunctionWork.Carrier carrier = new FunctionWork.Carrier(options.encoding(), new Codec(list), new JsonBinder(list), resultClass, local);
    prefetch(spec, name, options);
    return arguments -> method.call(new FunctionWork(carrier, arguments));
  }

  /** Waits until the regions were measured for the first time. @return false: not within that time */
  public boolean awaitReady(double timeoutMs) {
    return regions.awaitReady(timeoutMs);
  }

  /** Regions in the order in which they would be asked now. */
  public List<RegionInfo> regions() {
    List<RegionInfo> list = new ArrayList<>();
    for (Region region : regions.ordered()) list.add(new RegionInfo(region.name(), region.url, region.rttMs(), region.isDown()));
    return list;
  }

  /** @return stops listening */
  public Runnable listen(OaasListener listener) {
    return events.add(listener);
  }

  /** Ends background work and connections; safe to repeat. */
  public void close() {
    if (closing.isCancelled()) return;
    closing.cancel();
    transport.close();
    threads.close();
    events.clear();
  }

  private void prefetch(Spec spec, String method, OffloadOptions options) {
    boolean wanted = options.prefetch() && options.prefer() != Prefer.LOCAL && host.route.usesTickets();
    if (wanted && !closing.isCancelled()) tickets.prefetch(spec, method);
  }

  private static String appOf(Class<?> face, OffloadOptions options) {
    if (options.appId() != null) return options.appId();
    Offloadable annotation = face.getAnnotation(Offloadable.class);
    if (annotation != null && !annotation.app().isEmpty()) return annotation.app();
    throw new IllegalArgumentException("which app? Put @Offloadable(app = \"...\") on " + face.getName() + " or pass OffloadOptions.ofApp(...)");
  }

  /** Opens the connection that the next call will use, and measures the link by it. */
  private void warm(Ticket ticket) {
    Candidate candidate = ticket.placed.candidates.get(0);
    // The first pays for the handshake, the second is the link.
    if (ping(candidate) == null || closing.isCancelled()) return;
    Double rttMs = ping(candidate);
    if (rttMs != null) host.link(host.network(), candidate.vmId()).add(rttMs, 0, Clock.nowMs());
  }

  private Double ping(Candidate candidate) {
    double startMs = Clock.nowMs();
    Exchange reply = transport.surrogate(candidate.address, Docs.PING, Request.get(null, WARM_TIMEOUT_MS, closing));
    return reply.isAnswer() ? Clock.nowMs() - startMs : null;
  }
}
