package dev.oaas.client;

import dev.oaas.net.Cancel;
import dev.oaas.net.Clock;
import dev.oaas.net.Threads;
import dev.oaas.wire.Json;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Session tickets: one ticket serves many calls, so that the steady state pays a single round trip. A ticket in use is renewed in the background
 * well before it ends; one that nobody used meanwhile is let go. Tickets of the other modes are for one call and are never kept. Lifetimes are
 * relative and counted on the monotonic clock.
 */
final class Tickets {
  private static final double RENEW_AT = 0.6;
  private static final double REFRESH_AT = 0.1;
  private static final double REFRESH_FLOOR_MS = 1_000;
  /** Under overload every call is refused; at most one of them per this time asks for a new ticket. */
  private static final double FRESH_MS = 500;
  private static final int MOST_EXCLUDED = 16;

  /** What is held for one spec; its fields under the lock of {@link Tickets}. */
  private static final class Slot {
    Ticket ticket;
    CompletableFuture<TicketOutcome> pending;
    boolean refreshing;
    Runnable unschedule = () -> {};
    String routeRegion;
    String route;
    /** Mode of the last ticket; {@code null}: none yet. */
    String mode;
    Double placementMs;
  }

  private final Map<String, Slot> slots = new HashMap<>();
  private final Placement placement;
  private final Threads threads;
  private final Events events;
  private final Cancel closing;
  private final double timeoutMs;
  private final Consumer<Ticket> warm;

  /** @param warm called with a ticket that came in the background, before any call needs it */
  Tickets(Placement placement, Threads threads, Events events, Cancel closing, double timeoutMs, Consumer<Ticket> warm) {
    this.placement = placement;
    this.threads = threads;
    this.events = events;
    this.closing = closing;
    this.timeoutMs = timeoutMs;
    this.warm = warm;
  }

  /** A valid session ticket at hand, without asking anyone; {@code null}: none. */
  synchronized Ticket peek(Spec spec) {
    Ticket ticket = slot(spec).ticket;
    return ticket != null && ticket.isValid() ? ticket : null;
  }

  /** Usual duration of a placement; {@code null}: none yet. */
  synchronized Double placementMs(Spec spec) {
    return slot(spec).placementMs;
  }

  /** The ticket at hand, or a new one. Concurrent callers share one placement where the answer can be shared. */
  TicketOutcome acquire(Spec spec, String method, Double localEstimateMs, List<String> exclude, double callTimeoutMs) {
    double startMs = Clock.nowMs();
    CompletableFuture<TicketOutcome> shared = null;
    CompletableFuture<TicketOutcome> own = null;
    Slot slot;
    synchronized (this) {
      slot = slot(spec);
      Ticket held = peek(spec);
      if (held != null && names(held, exclude)) {
        held.uses.incrementAndGet();
        return TicketOutcome.of(held, 0);
      }
      boolean shareable = exclude.isEmpty() && (slot.mode == null || slot.mode.equals(Placed.SESSION));
      if (shareable) shared = slot.pending;
      if (shareable && shared == null) own = slot.pending = new CompletableFuture<>();
    }
    if (shared != null) {
      TicketOutcome outcome = await(shared, callTimeoutMs);
      // A ticket for one call belongs to whoever asked; the others ask for their own below.
      if (outcome.ticket == null) return outcome;
      if (outcome.ticket.placed.isSession()) {
        outcome.ticket.uses.incrementAndGet();
        return TicketOutcome.of(outcome.ticket, Clock.nowMs() - startMs);
      }
    }
    Map<String, Object> request = spec.toRequest();
    request.put("method", method);
    if (localEstimateMs != null) request.put("localEstimateMs", localEstimateMs);
    if (!exclude.isEmpty()) request.put("exclude", exclude.subList(Math.max(0, exclude.size() - MOST_EXCLUDED), exclude.size()));
    return settle(slot, own, spec, request, Math.min(callTimeoutMs - (Clock.nowMs() - startMs), timeoutMs), false);
  }

  /** Asks for a session ticket in the background. */
  void prefetch(Spec spec, String method) {
    CompletableFuture<TicketOutcome> pending;
    Slot slot;
    synchronized (this) {
      slot = slot(spec);
      if (slot.ticket != null || slot.pending != null) return;
      pending = slot.pending = new CompletableFuture<>();
    }
    Map<String, Object> request = spec.toRequest();
    request.put("method", method);
    threads.run(() -> {
      TicketOutcome outcome = settle(slot, pending, spec, request, timeoutMs, false);
      if (outcome.ticket != null) warm.accept(outcome.ticket);
    });
  }

  /**
   * Asks for a fresh ticket in the background, because the VMs of this one are crowded: there may be new ones. The old one is used until then;
   * a ticket is given a tenth of its life before it is doubted.
   */
  void refresh(Spec spec) {
    Ticket ticket;
    Slot slot;
    synchronized (this) {
      slot = slot(spec);
      ticket = slot.ticket;
      if (ticket == null || slot.refreshing) return;
      if (Clock.nowMs() - ticket.issuedAtMs < Math.max(REFRESH_FLOOR_MS, ticket.placed.expiresInMs * REFRESH_AT)) return;
      slot.refreshing = true;
    }
    threads.run(() -> {
      try {
        renew(slot, spec, ticket);
      } finally {
        synchronized (this) {
          slot.refreshing = false;
        }
      }
    });
  }

  /** Forgets a ticket that its VMs refused or that failed. */
  synchronized void drop(Spec spec, Ticket ticket) {
    Slot slot = slot(spec);
    if (slot.ticket != ticket) return;
    slot.unschedule.run();
    slot.ticket = null;
  }

  /** True when the ticket is so new that another placement would hardly name better VMs. */
  static boolean isFresh(Ticket ticket) {
    return Clock.nowMs() - ticket.issuedAtMs < FRESH_MS;
  }

  private Slot slot(Spec spec) {
    return slots.computeIfAbsent(spec.key(), key -> new Slot());
  }

  private static boolean names(Ticket ticket, List<String> exclude) {
    for (Candidate candidate : ticket.placed.candidates) if (!exclude.contains(candidate.vmId())) return true;
    return false;
  }

  private TicketOutcome settle(
      Slot slot, CompletableFuture<TicketOutcome> pending, Spec spec, Map<String, Object> request, double callTimeoutMs, boolean renewal) {
    TicketOutcome outcome = TicketOutcome.none(PlacementOutcome.unreachable("the placement failed"));
    try {
      outcome = issue(slot, spec, request, callTimeoutMs, renewal);
    } finally {
      if (pending != null) {
        synchronized (this) {
          if (slot.pending == pending) slot.pending = null;
        }
        pending.complete(outcome);
      }
    }
    return outcome;
  }

  private TicketOutcome issue(Slot slot, Spec spec, Map<String, Object> request, double callTimeoutMs, boolean renewal) {
    String routeRegion;
    String route;
    synchronized (this) {
      routeRegion = slot.routeRegion;
      route = slot.route;
    }
    double askedAtMs = Clock.nowMs();
    PlacementOutcome outcome = placement.place(Json.write(request), routeRegion, route, Math.max(1, callTimeoutMs), closing);
    Placed placed = outcome.placed;
    if (placed == null) return TicketOutcome.none(outcome);
    Ticket ticket = new Ticket(placed, outcome.region, askedAtMs, renewal ? 0 : 1);
    synchronized (this) {
      slot.routeRegion = outcome.region.name();
      slot.route = placed.groupRoute;
      slot.mode = placed.mode;
      slot.placementMs = slot.placementMs == null ? outcome.ms : slot.placementMs + 0.2 * (outcome.ms - slot.placementMs);
      if (placed.isSession() && !closing.isCancelled()) {
        slot.unschedule.run();
        slot.ticket = ticket;
        slot.unschedule = threads.runAfter(placed.expiresInMs * RENEW_AT, () -> renew(slot, spec, ticket));
      }
    }
    events.emit(l -> l.ticket(spec.appId, outcome.region.name(), placed.mode, placed.expiresInMs, renewal, outcome.ms));
    return TicketOutcome.of(ticket, Clock.nowMs() - askedAtMs);
  }

  private void renew(Slot slot, Spec spec, Ticket ticket) {
    synchronized (this) {
      if (slot.ticket != ticket || ticket.uses.get() == 0) return;
    }
    TicketOutcome outcome = issue(slot, spec, spec.toRequest(), timeoutMs, true);
    if (outcome.ticket != null) {
      warm.accept(outcome.ticket);
      return;
    }
    double leftMs = ticket.endsAtMs - Clock.nowMs();
    synchronized (this) {
      if (leftMs < 1_000 || closing.isCancelled() || slot.ticket != ticket) return;
      slot.unschedule = threads.runAfter(leftMs / 3, () -> renew(slot, spec, ticket));
    }
  }

  private static TicketOutcome await(CompletableFuture<TicketOutcome> pending, double waitMs) {
    try {
      return pending.get((long) Math.max(1, waitMs), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return TicketOutcome.none(PlacementOutcome.unreachable("no placement within " + Math.round(waitMs) + " ms"));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return TicketOutcome.none(PlacementOutcome.unreachable("interrupted"));
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }
}
