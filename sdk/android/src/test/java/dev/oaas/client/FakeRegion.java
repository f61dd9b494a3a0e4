package dev.oaas.client;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.oaas.wire.Json;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A regional endpoint that places on the given agents. */
public final class FakeRegion implements AutoCloseable {
  /** Answers a placement by itself. @return {@code true}: place as usual */
  public interface Behaviour {
    boolean handle(HttpExchange exchange) throws IOException;
  }

  public final String name;
  public final String url;
  public final AtomicInteger placements = new AtomicInteger();
  public final AtomicInteger pings = new AtomicInteger();
  public final ConcurrentLinkedQueue<Map<?, ?>> requests = new ConcurrentLinkedQueue<>();
  public final ConcurrentLinkedQueue<String> paths = new ConcurrentLinkedQueue<>();
  public volatile List<FakeAgent> agents = new ArrayList<>();
  public volatile String mode = "session";
  public volatile double expiresInMs = 60_000;
  public volatile long pingDelayMs;
  public volatile Behaviour behaviour = exchange -> true;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  public FakeRegion(String name, FakeAgent... agents) throws IOException {
    this.name = name;
    this.agents = List.of(agents);
    server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setExecutor(threads);
    server.createContext("/v1/ping", exchange -> {
      pings.incrementAndGet();
      pause(pingDelayMs);
      FakeAgent.answer(exchange, 200, Map.of("region", name));
    });
    server.createContext("/v1/placements", this::place);
    server.createContext("/v1/groups/", this::place);
    server.createContext("/v1/invocations", this::invoke);
    server.createContext("/v1/regions", exchange ->
        FakeAgent.answer(exchange, 200, Map.of("regions", List.of(Map.of("id", name, "geography", "g", "endpoint", url())))));
    server.start();
    url = url();
  }

  private String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  static void pause(long ms) {
    try {
      Thread.sleep(ms);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void place(HttpExchange exchange) throws IOException {
    placements.incrementAndGet();
    paths.add(exchange.getRequestURI().getPath());
    Map<?, ?> request = (Map<?, ?>) Json.parse(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    requests.add(request);
    if (!behaviour.handle(exchange)) return;
    List<?> exclude = request.get("exclude") == null ? List.of() : (List<?>) request.get("exclude");
    List<Object> candidates = new ArrayList<>();
    for (FakeAgent agent : agents) {
      if (exclude.contains(agent.vmId)) continue;
      candidates.add(Map.of("vmId", agent.vmId, "url", agent.url, "certPem", agent.certPem, "networkMs", 0));
    }
    if (candidates.isEmpty()) {
      FakeAgent.problem(exchange, 503, "no-capacity", "no VM", 200.0);
      return;
    }
    Map<String, Object> body = new HashMap<>();
    body.put("decision", "remote");
    body.put("ticket", "ticket-" + placements.get());
    body.put("mode", mode);
    body.put("expiresInMs", expiresInMs);
    body.put("candidates", candidates);
    body.put("groupRoute", "/v1/groups/g/placements");
    body.put("predictedMs", 1);
    body.put("placementMs", 0.1);
    FakeAgent.answer(exchange, 200, body);
  }

  /** The proxy route: to the first agent's method. */
  private void invoke(HttpExchange exchange) throws IOException {
    Map<?, ?> request = (Map<?, ?>) Json.parse(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    requests.add(request);
    if (behaviour.handle(exchange)) agents.get(0).run(exchange, request);
  }

  /** Answers that the device should run it. */
  public static boolean sayLocal(HttpExchange exchange) throws IOException {
    Map<String, Object> body = new HashMap<>();
    body.put("decision", "local");
    body.put("reason", "saturated");
    body.put("detail", "all full");
    body.put("predictedMs", null);
    body.put("retryAfterMs", 100);
    FakeAgent.answer(exchange, 200, body);
    return false;
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
