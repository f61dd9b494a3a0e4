package dev.oaas.client;

import dev.oaas.net.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What this client knows of the VMs it talks to: its own load there, the link, and who failed it lately. */
final class Surrogates {
  /** How long a VM that did not answer is left alone. */
  private static final double AVOID_MS = 10_000;
  /** A VM that answered so lately is not given up for a silence. */
  private static final double ALIVE_MS = 2_000;
  private static final int MOST_REMEMBERED = 512;

  private final Map<String, Integer> inFlight = new HashMap<>();
  private final Map<String, Double> avoidUntilMs = new HashMap<>();
  private final Map<String, Double> answeredAtMs = bounded();
  private final Map<String, LinkEstimator> links = bounded();

  private static <V> Map<String, V> bounded() {
    return new LinkedHashMap<String, V>(16, 0.75f, true) {
      private static final long serialVersionUID = 1L;

      @Override
      protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
        return size() > MOST_REMEMBERED;
      }
    };
  }

  synchronized void enter(String vmId) {
    inFlight.merge(vmId, 1, Integer::sum);
  }

  synchronized void leave(String vmId) {
    inFlight.computeIfPresent(vmId, (id, calls) -> calls > 1 ? calls - 1 : null);
  }

  /** This client's calls in progress there. */
  synchronized int inFlight(String vmId) {
    return inFlight.getOrDefault(vmId, 0);
  }

  /**
   * The VM was not there ({@code certain}) or silent: not asked again for a while. One that answered another call a moment ago is alive, and
   * its silence the fault of the link or of this device.
   */
  synchronized void avoid(String vmId, boolean certain) {
    double nowMs = Clock.nowMs();
    Double answered = answeredAtMs.get(vmId);
    if (!certain && answered != null && nowMs - answered < ALIVE_MS) return;
    avoidUntilMs.put(vmId, nowMs + AVOID_MS);
  }

  synchronized void answered(String vmId) {
    answeredAtMs.put(vmId, Clock.nowMs());
  }

  synchronized boolean isAvoided(String vmId) {
    Double until = avoidUntilMs.get(vmId);
    if (until == null) return false;
    if (until > Clock.nowMs()) return true;
    avoidUntilMs.remove(vmId);
    return false;
  }

  /** VMs to exclude from a new placement. */
  synchronized List<String> avoidedIds() {
    double nowMs = Clock.nowMs();
    avoidUntilMs.values().removeIf(until -> until <= nowMs);
    return new ArrayList<>(avoidUntilMs.keySet());
  }

  /** Link to a VM or, on the proxy route, to a region. */
  synchronized LinkEstimator link(String target) {
    LinkEstimator link = links.get(target);
    if (link == null) {
      link = new LinkEstimator();
      links.put(target, link);
    }
    return link;
  }
}
