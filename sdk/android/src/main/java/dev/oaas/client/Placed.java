package dev.oaas.client;

import dev.oaas.net.Address;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A placement's answer that says remote. */
final class Placed {
  static final String SESSION = "session";

  final String ticket;
  final String mode;
  final double expiresInMs;
  /** In order of preference, at least one. */
  final List<Candidate> candidates;
  final String groupRoute;
  /** {@code null}: not told. */
  final Double predictedMs;

  private Placed(String ticket, String mode, double expiresInMs, List<Candidate> candidates, String groupRoute, Double predictedMs) {
    this.ticket = ticket;
    this.mode = mode;
    this.expiresInMs = expiresInMs;
    this.candidates = Collections.unmodifiableList(candidates);
    this.groupRoute = groupRoute;
    this.predictedMs = predictedMs;
  }

  /** {@code null}: the document is none. */
  static Placed read(Map<?, ?> doc) {
    List<Candidate> candidates = new ArrayList<>();
    for (Object entry : Docs.list(doc, "candidates")) {
      Map<?, ?> candidate = entry instanceof Map ? (Map<?, ?>) entry : null;
      String vmId = Docs.text(candidate, "vmId");
      String url = Docs.text(candidate, "url");
      String certPem = Docs.text(candidate, "certPem");
      if (vmId == null || url == null || certPem == null) return null;
      candidates.add(new Candidate(new Address(vmId, url, certPem), Docs.number(candidate, "networkMs", 0)));
    }
    String ticket = Docs.text(doc, "ticket");
    String mode = Docs.text(doc, "mode");
    String route = Docs.text(doc, "groupRoute");
    // A ticket becomes a header: one with a line break would be more than one.
    boolean usable = ticket != null && ticket.matches("[\\w.-]+") && mode != null && route != null && route.startsWith("/") && !candidates.isEmpty();
    if (!usable) return null;
    return new Placed(ticket, mode, Docs.number(doc, "expiresInMs", 0), candidates, route, Docs.number(doc, "predictedMs"));
  }

  boolean isSession() {
    return mode.equals(SESSION);
  }
}
