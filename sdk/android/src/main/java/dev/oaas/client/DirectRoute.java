package dev.oaas.client;

import dev.oaas.net.Clock;
import dev.oaas.net.Exchange;
import dev.oaas.net.Request;
import dev.oaas.net.Transport;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One call on a surrogate: ticket, candidates in turn, at most once.
 *
 * <p>A try ends in one of three ways. <em>Not run</em> for certain (refused, or no byte of the request was seen): the next candidate may have it.
 * <em>Run</em> (result, or the method's own error): final. <em>Unknown</em> (the connection broke or stayed silent after the request was sent): the same
 * VM is asked once more under the same request id, which it runs at most once; beyond that only an idempotent method is tried elsewhere.
 */
final class DirectRoute implements Route {
  /** A ticket that every VM refused is worth one fresh placement, not more: the region is then full or wrong. */
  private static final int MOST_TICKETS = 3;
  /** Problems that a second try cannot cure. */
  private static final Set<Integer> PERMANENT = new HashSet<>(Arrays.asList(400, 401, 403, 404, 413, 415, 422));

  private final Tickets tickets;
  private final Surrogates surrogates;
  private final Transport transport;

  DirectRoute(Tickets tickets, Surrogates surrogates, Transport transport) {
    this.tickets = tickets;
    this.surrogates = surrogates;
    this.transport = transport;
  }

  @Override
  public boolean usesTickets() {
    return true;
  }

  @Override
  public RemoteOutcome run(RemoteCall call) {
    Set<String> tried = new HashSet<>();
    double t1Ms = 0;
    RemoteOutcome last = RemoteOutcome.unavailable("the deadline passed", null, 0.0, RemoteOutcome.Gone.NO);
    for (int round = 0; round < MOST_TICKETS; round++) {
      if (call.isOver()) return last;
      Set<String> exclude = new LinkedHashSet<>(tried);
      if (round > 0) exclude.addAll(surrogates.avoidedIds());
      TicketOutcome issued = tickets.acquire(call.spec, call.method, call.localEstimateMs, new ArrayList<>(exclude), call.leftMs());
      if (issued.ticket == null) return last.kind == RemoteOutcome.Kind.UNKNOWN ? last : withoutTicket(issued.refused);
      t1Ms += issued.ms;
      RemoteOutcome outcome = tryCandidates(call, issued.ticket, tried, t1Ms);
      if (outcome.isFinal()) return outcome;
      if (outcome.kind == RemoteOutcome.Kind.UNKNOWN && !call.idempotent) return outcome;
      last = outcome;
      if (call.cancel.isCancelled()) return last;
      boolean full = outcome.kind == RemoteOutcome.Kind.UNAVAILABLE && outcome.isProblem("saturated");
      if (full && (round > 0 || Tickets.isFresh(issued.ticket))) return outcome;
      tickets.drop(call.spec, issued.ticket);
    }
    return last;
  }

  private RemoteOutcome tryCandidates(RemoteCall call, Ticket ticket, Set<String> tried, double t1Ms) {
    RemoteOutcome last = RemoteOutcome.unavailable("every candidate failed lately", null, 0.0, RemoteOutcome.Gone.NO);
    for (Candidate candidate : order(call, ticket, tried)) {
      RemoteOutcome outcome = tryOnce(call, ticket, candidate, t1Ms);
      if (outcome.kind == RemoteOutcome.Kind.UNKNOWN && outcome.broken && !call.isOver()) {
        RemoteOutcome again = tryOnce(call, ticket, candidate, t1Ms);
        // "Not run" of the second request says nothing of the first.
        if (again.isFinal()) outcome = again;
      }
      if (outcome.isFinal()) return outcome;
      tried.add(candidate.vmId());
      if (outcome.kind == RemoteOutcome.Kind.UNKNOWN) {
        if (outcome.silent) surrogates.avoid(candidate.vmId(), false);
        last = outcome;
        if (!call.idempotent) return last;
      } else {
        if (outcome.gone != RemoteOutcome.Gone.NO) surrogates.avoid(candidate.vmId(), outcome.gone == RemoteOutcome.Gone.YES);
        if (last.kind != RemoteOutcome.Kind.UNKNOWN) last = outcome;
        if (outcome.isProblem("invalid-ticket")) {
          // Another VM of the same ticket would say the same: a fresh ticket may name this VM again.
          tried.remove(candidate.vmId());
          return last;
        }
      }
      if (call.isOver()) return last;
    }
    return last;
  }

  private List<Candidate> order(RemoteCall call, Ticket ticket, Set<String> tried) {
    List<Candidate> usable = new ArrayList<>();
    for (Candidate candidate : ticket.placed.candidates) {
      if (!surrogates.isAvoided(candidate.vmId()) && !tried.contains(candidate.vmId())) usable.add(candidate);
    }
    return ticket.placed.isSession() ? rank(usable, surrogates, call.runMs) : usable;
  }

  /** The network's distance plus this client's own load there; equals stay in the ticket's order. */
  static List<Candidate> rank(List<Candidate> candidates, Surrogates surrogates, double runMs) {
    List<double[]> scored = new ArrayList<>();
    for (int i = 0; i < candidates.size(); i++) {
      Candidate candidate = candidates.get(i);
      scored.add(new double[] {candidate.networkMs + surrogates.inFlight(candidate.vmId()) * runMs, i});
    }
    scored.sort(Comparator.comparingDouble(score -> score[0]));
    List<Candidate> ranked = new ArrayList<>();
    for (double[] score : scored) ranked.add(candidates.get((int) score[1]));
    return ranked;
  }

  private RemoteOutcome tryOnce(RemoteCall call, Ticket ticket, Candidate candidate, double t1Ms) {
    double startMs = Clock.nowMs();
    double timeoutMs = Math.max(1, call.endsAtMs - startMs);
    String body = call.body(java.util.Collections.emptyMap(), timeoutMs);
    Exchange reply;
    surrogates.enter(candidate.vmId());
    try {
      Request request = Request.post(body, ticket.placed.ticket, timeoutMs, call.cancel);
      reply = transport.surrogate(candidate.address, Docs.TASKS, request);
    } finally {
      surrogates.leave(candidate.vmId());
    }
    if (reply.isAnswer()) surrogates.answered(candidate.vmId());
    double ms = Clock.nowMs() - startMs;
    String region = ticket.region.name();
    RemoteOutcome.Context from = new RemoteOutcome.Context(region, t1Ms, candidate.vmId(), ticket.placed.predictedMs);
    RemoteOutcome outcome = Replies.classify(reply, ms, call.patienceMs(), from);
    call.attempted.accept(Replies.attempt(outcome, candidate.vmId(), region, ms, call.cancel.isCancelled()));
    return outcome;
  }

  private static RemoteOutcome withoutTicket(PlacementOutcome refused) {
    if (refused.local) return RemoteOutcome.regionSaysLocal(refused.detail, refused.retryAfterMs);
    if (refused.problem == null) return RemoteOutcome.unavailable(refused.detail, null, 250.0, RemoteOutcome.Gone.NO);
    Problem problem = refused.problem;
    Double retryAfterMs = PERMANENT.contains(problem.status) ? null : problem.retryAfterMs == null ? Double.valueOf(0) : problem.retryAfterMs;
    return RemoteOutcome.unavailable(problem.describe(), problem, retryAfterMs, RemoteOutcome.Gone.NO);
  }
}
