package dev.oaas.client;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.oaas.wire.Implementations;
import dev.oaas.wire.Json;
import dev.oaas.wire.Payload;
import dev.oaas.wire.Reply;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A surrogate over real TLS that runs the app's methods as the agent does: an id at most once. */
public final class FakeAgent implements AutoCloseable {
  /** What it does with a task; {@code null}: it was answered, or shall be dropped without an answer. */
  public interface Behaviour {
    /** @return {@code true}: run it as usual */
    boolean handle(FakeAgent agent, HttpExchange exchange, Map<?, ?> task) throws Exception;
  }

  public final String vmId;
  public final String url;
  public final String certPem;
  public final AtomicInteger runs = new AtomicInteger();
  public final AtomicInteger requests = new AtomicInteger();
  public final ConcurrentLinkedQueue<String> bearers = new ConcurrentLinkedQueue<>();
  public volatile Behaviour behaviour = (agent, exchange, task) -> true;
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private final HttpsServer server;
  private final Implementations app;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  public FakeAgent(String vmId, Certificates.Identity identity, Implementations app) throws IOException {
    this.vmId = vmId;
    this.app = app;
    certPem = identity.certPem;
    server = HttpsServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(identity.server));
    server.setExecutor(threads);
    server.createContext("/v1/ping", exchange -> answer(exchange, 200, Map.of("ok", true)));
    server.createContext("/v1/tasks", this::task);
    server.start();
    url = "https://127.0.0.1:" + server.getAddress().getPort();
  }

  private void task(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    bearers.add(exchange.getRequestHeaders().getFirst("authorization"));
    Map<?, ?> task = (Map<?, ?>) Json.parse(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    try {
      if (!behaviour.handle(this, exchange, task)) {
        exchange.close();
        return;
      }
      run(exchange, task);
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      problem(exchange, 500, "internal", e.toString(), null);
    }
  }

  public void run(HttpExchange exchange, Map<?, ?> task) throws IOException {
    String requestId = (String) task.get("requestId");
    if (!seen.add(requestId)) {
      problem(exchange, 409, "replayed-ticket", "request " + requestId + " for the second time", null);
      return;
    }
    runs.incrementAndGet();
    long beganNs = System.nanoTime();
    Reply reply;
    try {
      Payload state = task.get("state") == null ? null : Payload.fromJson(task.get("state"));
      reply = app.invoke((String) task.get("method"), Payload.fromJson(task.get("args")), state);
    } catch (Throwable e) {
      problem(exchange, 422, "task-failed", e.getClass().getName() + ": " + e.getMessage(), null);
      return;
    }
    double ms = (System.nanoTime() - beganNs) / 1e6;
    Map<String, Object> body = new HashMap<>();
    body.put("requestId", requestId);
    body.put("taskId", "t");
    body.put("vmId", vmId);
    body.put("hops", List.of());
    body.put("result", reply.result.toJson());
    if (reply.state != null) body.put("state", reply.state.toJson());
    body.put("timings", Map.of("queueMs", 0, "cloudMs", ms, "totalMs", ms, "cpuMs", ms, "prepCpuMs", 0, "handoffMs", 0));
    answer(exchange, 200, body);
  }

  public static void problem(HttpExchange exchange, int status, String type, String detail, Double retryAfterMs) throws IOException {
    Map<String, Object> body = new HashMap<>();
    body.put("type", "https://oaas.dev/problems/" + type);
    body.put("title", type);
    body.put("status", status);
    body.put("detail", detail);
    if (retryAfterMs != null) body.put("retryAfterMs", retryAfterMs);
    answer(exchange, status, body);
  }

  static void answer(HttpExchange exchange, int status, Object body) throws IOException {
    byte[] bytes = Json.write(body).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("content-type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
