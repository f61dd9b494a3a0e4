package dev.oaas.client;

import dev.oaas.OaasOptions;
import dev.oaas.net.Cancel;
import dev.oaas.net.Clock;
import dev.oaas.net.Exchange;
import dev.oaas.net.Request;
import dev.oaas.net.Threads;
import dev.oaas.net.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Which regional endpoint to ask: the one with the least measured round trip among those thought to be up.
 *
 * <p>Lifecycle: measured once at the start (ready with the first answer, plus a moment for a nearer one), then in the background. A region
 * that fails a request goes behind all others at once and comes back with the first successful measurement; with every region down all are
 * still tried, because being wrong about that costs more.
 */
final class Regions {
  private static final double PING_TIMEOUT_MS = 1_000;
  /** The first ping of a probe pays for the connection; the least of the others counts. */
  private static final int FIRST_PROBE_PINGS = 3;
  private static final double DOWN_PROBE_MS = 2_000;

  private final OaasOptions options;
  private final Transport transport;
  private final Events events;
  private final Threads threads;
  private final Cancel cancel;
  private final CountDownLatch ready = new CountDownLatch(1);
  private List<Region> regions = new ArrayList<>();
  private Region chosen;
  private Runnable unschedule = () -> {};

  Regions(OaasOptions options, Transport transport, Events events, Threads threads, Cancel closing) {
    this.options = options;
    this.transport = transport;
    this.events = events;
    this.threads = threads;
    cancel = Cancel.childOf(closing);
    for (Map.Entry<String, String> endpoint : options.endpoints().entrySet()) {
      regions.add(new Region(endpoint.getValue(), endpoint.getKey()));
    }
  }

  /** Measures for the first time, in the background. */
  void start() {
    cancel.onCancel(ready::countDown);
    threads.run(this::firstProbe);
  }

  /** Waits for the first measurement. @return false: not within that time */
  boolean awaitReady(double timeoutMs) {
    try {
      return ready.await((long) Math.max(0, timeoutMs), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Nearest first, those thought to be down last. */
  synchronized List<Region> ordered() {
    List<Region> order = new ArrayList<>(regions);
    // Read once each: they may change while a sort compares them.
    List<double[]> keys = new ArrayList<>();
    for (Region region : order) keys.add(new double[] {region.isDown() ? 1 : 0, region.rttMs() == null ? Double.MAX_VALUE : region.rttMs()});
    List<Integer> index = new ArrayList<>();
    for (int i = 0; i < order.size(); i++) index.add(i);
    index.sort((a, b) -> {
      int byState = Double.compare(keys.get(a)[0], keys.get(b)[0]);
      return byState != 0 ? byState : Double.compare(keys.get(a)[1], keys.get(b)[1]);
    });
    List<Region> sorted = new ArrayList<>();
    for (int i : index) sorted.add(order.get(i));
    return sorted;
  }

  /** Round trip to the region in use; {@code null}: not measured. */
  Double rttMs() {
    List<Region> order = ordered();
    return order.isEmpty() ? null : order.get(0).rttMs();
  }

  /** What was measured belongs to another network: measured anew. */
  void networkChanged() {
    for (Region region : ordered()) region.forgetRtt();
    threads.run(this::probe);
  }

  void markDown(Region region) {
    if (!region.setDown(true)) return;
    events.emit(l -> l.region(region.name(), region.url, "down", region.rttMs()));
    schedule(Math.min(options.probeIntervalMs(), DOWN_PROBE_MS));
  }

  void markUp(Region region) {
    region.answered(Clock.nowMs());
    if (region.setDown(false)) events.emit(l -> l.region(region.name(), region.url, "up", region.rttMs()));
  }

  /** One round trip to the region, to tell whether it is there. */
  boolean ping(Region region) {
    double startMs = Clock.nowMs();
    Exchange reply = transport.control(region.url + Docs.PING, Request.get(options.apiKey(), PING_TIMEOUT_MS, cancel));
    if (!reply.isAnswer() || reply.status >= 500) {
      if (!cancel.isCancelled()) markDown(region);
      return false;
    }
    region.measured(Clock.nowMs() - startMs);
    String name = Docs.text(Docs.object(reply.body), "region");
    if (!region.named && name != null) region.rename(name);
    markUp(region);
    return true;
  }

  private void firstProbe() {
    if (options.endpoints().isEmpty()) discover();
    List<Region> all = ordered();
    AtomicInteger left = new AtomicInteger(all.size());
    if (all.isEmpty()) finishFirstProbe();
    for (Region region : all) {
      threads.run(() -> {
        boolean up = true;
        for (int i = 0; up && i < FIRST_PROBE_PINGS; i++) up = ping(region);
        // As long again for a nearer one that was asked at the same time.
        Double rttMs = region.rttMs();
        if (up) threads.runAfter(Math.max(10, rttMs == null ? 0 : rttMs), this::finishFirstProbe);
        if (left.decrementAndGet() == 0) finishFirstProbe();
      });
    }
  }

  private void finishFirstProbe() {
    synchronized (this) {
      if (ready.getCount() == 0) return;
      ready.countDown();
    }
    choose();
    schedule(options.probeIntervalMs());
  }

  private void discover() {
    String given = options.regionsUrl();
    String url = given.endsWith(Docs.REGIONS) ? given : given + Docs.REGIONS;
    Exchange reply = transport.control(url, Request.get(options.apiKey(), 2 * PING_TIMEOUT_MS, cancel));
    List<Region> found = new ArrayList<>();
    for (Object entry : Docs.list(Docs.object(reply.body), "regions")) {
      Map<?, ?> doc = entry instanceof Map ? (Map<?, ?>) entry : null;
      String id = Docs.text(doc, "id");
      String endpoint = Docs.text(doc, "endpoint");
      if (id == null || endpoint == null) continue;
      found.add(new Region(id, endpoint.endsWith("/") ? endpoint.substring(0, endpoint.length() - 1) : endpoint));
    }
    if (reply.isSuccess() && !found.isEmpty()) {
      synchronized (this) {
        regions = found;
      }
      return;
    }
    String cause = reply.isAnswer() ? "status " + reply.status : reply.detail;
    events.emit(l -> l.error("cannot list the regions at " + url + ": " + cause));
  }

  private synchronized void schedule(double delayMs) {
    unschedule.run();
    if (cancel.isCancelled() || delayMs <= 0) return;
    unschedule = threads.runAfter(delayMs, this::probe);
  }

  private void probe() {
    if (ordered().isEmpty()) discover();
    List<Region> all = ordered();
    AtomicInteger left = new AtomicInteger(all.size());
    if (all.isEmpty()) schedule(options.probeIntervalMs());
    for (Region region : all) {
      threads.run(() -> {
        ping(region);
        if (left.decrementAndGet() > 0) return;
        choose();
        boolean anyDown = false;
        for (Region each : all) anyDown |= each.isDown();
        schedule(anyDown ? Math.min(options.probeIntervalMs(), DOWN_PROBE_MS) : options.probeIntervalMs());
      });
    }
  }

  private void choose() {
    List<Region> order = ordered();
    if (order.isEmpty() || order.get(0).isDown()) return;
    Region best = order.get(0);
    synchronized (this) {
      if (best == chosen) return;
      chosen = best;
    }
    events.emit(l -> l.region(best.name(), best.url, "chosen", best.rttMs()));
  }
}
