package dev.oaas.client;

import dev.oaas.net.Cancel;
import dev.oaas.net.Clock;
import dev.oaas.net.Exchange;
import dev.oaas.net.Request;
import dev.oaas.net.Threads;
import dev.oaas.net.Transport;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks the regions for a placement. The nearest is asked first; when it stays silent for a moment or fails, the next is asked as well and the
 * first usable answer wins. That is safe because a reservation nobody claims expires by itself.
 */
final class Placement {
  /** Silence after which the next region is asked too; within the 2 s of failover there is room for several. */
  private static final double LEAST_STAGGER_MS = 250;

  private final Regions regions;
  private final Transport transport;
  private final Threads threads;
  private final String apiKey;

  Placement(Regions regions, Transport transport, Threads threads, String apiKey) {
    this.regions = regions;
    this.transport = transport;
    this.threads = threads;
    this.apiKey = apiKey;
  }

  /**
   * @param routeRegion region of {@code route}; {@code null}: no route is known
   * @param route the group's own route of an earlier answer of that region, which skips the classifier
   */
  PlacementOutcome place(String body, String routeRegion, String route, double timeoutMs, Cancel closing) {
    // The first measurement of the regions counts against the time too: failing over has a promise to keep.
    double startMs = Clock.nowMs();
    regions.awaitReady(timeoutMs);
    List<Region> order = regions.ordered();
    if (order.isEmpty()) return PlacementOutcome.unreachable("no region is known");
    Cancel losers = Cancel.childOf(closing);
    Race race = new Race(order, region -> {
      String path = region.name().equals(routeRegion) ? route : Docs.PLACEMENTS;
      double leftMs = timeoutMs - (Clock.nowMs() - startMs);
      if (leftMs <= 0) return PlacementOutcome.unreachable(region.name() + ": no time left");
      Request request = Request.harmlessPost(body, apiKey, leftMs, losers);
      Exchange reply = transport.control(region.url + path, request);
      if (reply.isAnswer() && reply.status == 404 && !path.equals(Docs.PLACEMENTS)) {
        reply = transport.control(region.url + Docs.PLACEMENTS, request);
      }
      return read(reply, region, Clock.nowMs() - startMs);
    });
    try {
      race.startNext();
      // A little beyond the exchanges' own end, for what cannot be timed, such as a name service.
      return race.settled.get((long) Math.max(1, timeoutMs - (Clock.nowMs() - startMs) + 100), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return PlacementOutcome.unreachable("no region answered within " + Math.round(timeoutMs) + " ms");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return PlacementOutcome.unreachable("interrupted");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      losers.cancel();
      losers.release();
    }
  }

  private PlacementOutcome read(Exchange reply, Region region, double ms) {
    if (!reply.isAnswer()) {
      if (reply.failure != Exchange.Failure.ABORTED) regions.markDown(region);
      return PlacementOutcome.unreachable(region.name() + ": " + reply.detail);
    }
    if (reply.isSuccess()) {
      Map<?, ?> doc = Docs.object(reply.body);
      String decision = Docs.text(doc, "decision");
      Placed placed = "remote".equals(decision) ? Placed.read(doc) : null;
      if (placed == null && !"local".equals(decision)) return PlacementOutcome.unreachable(region.name() + ": the answer is no placement");
      regions.markUp(region);
      if (placed != null) return PlacementOutcome.placed(placed, region, ms);
      return PlacementOutcome.local(String.valueOf(Docs.text(doc, "detail")), Docs.number(doc, "retryAfterMs"), region, ms);
    }
    Problem problem = Docs.problem(reply);
    // A gateway's 5xx without our problem document says that the region is not well; ours says it is.
    if (problem.type.equals("unreadable") || problem.type.equals("internal")) {
      regions.markDown(region);
      return PlacementOutcome.unreachable(region.name() + ": " + problem.detail);
    }
    regions.markUp(region);
    return PlacementOutcome.problem(problem, region);
  }

  private interface Ask {
    PlacementOutcome of(Region region);
  }

  /** Starts the next on failure or silence; settles with the first answer or problem, else with the last failure. */
  private final class Race {
    final CompletableFuture<PlacementOutcome> settled = new CompletableFuture<>();
    private final List<Region> order;
    private final Ask ask;
    private int next;
    private int open;
    private Runnable unschedule = () -> {};

    Race(List<Region> order, Ask ask) {
      this.order = order;
      this.ask = ask;
    }

    synchronized void startNext() {
      unschedule.run();
      if (next >= order.size() || settled.isDone()) return;
      Region region = order.get(next++);
      open++;
      Double rttMs = region.rttMs();
      unschedule = threads.after(Math.max(LEAST_STAGGER_MS, 4 * (rttMs == null ? 0 : rttMs)), this::startNext);
      threads.run(() -> {
        try {
          finish(ask.of(region));
        } catch (RuntimeException e) {
          settled.completeExceptionally(e);
        }
      });
    }

    private synchronized void finish(PlacementOutcome outcome) {
      open--;
      if (!outcome.isUnreachable()) {
        unschedule.run();
        settled.complete(outcome);
      } else if (next < order.size()) {
        startNext();
      } else if (open == 0) {
        settled.complete(outcome);
      }
    }
  }
}
