package dev.oaas.client;

import dev.oaas.DeviceProfile;
import dev.oaas.OaasOptions;
import dev.oaas.net.Cancel;
import dev.oaas.net.Threads;

/** What a method needs of the client it was declared on. */
final class Host implements Surroundings {
  final Events events;
  final Tickets tickets;
  final Surrogates surrogates;
  final Regions regions;
  final Cancel closing;
  final Route route;
  final Threads threads;
  private final OaasOptions options;
  private final CostModel costs = new CostModel();
  /** {@code null}: not asked yet. */
  private String lastNetwork;

  Host(
      Events events, Tickets tickets, Surrogates surrogates, Regions regions, OaasOptions options, Cancel closing, Route route, Threads threads) {
    this.events = events;
    this.tickets = tickets;
    this.surrogates = surrogates;
    this.regions = regions;
    this.options = options;
    this.closing = closing;
    this.route = route;
    this.threads = threads;
  }

  @Override
  public Held held(Spec spec) {
    Ticket ticket = tickets.peek(spec);
    return ticket == null ? null : new Held(ticket.placed.predictedMs, ticket.placed.candidates.get(0).vmId());
  }

  @Override
  public Double placementMs(Spec spec) {
    return tickets.placementMs(spec);
  }

  @Override
  public boolean usesTickets() {
    return route.usesTickets();
  }

  @Override
  public Double regionRttMs() {
    return regions.rttMs();
  }

  @Override
  public String network() {
    String now = "";
    // A name that cannot be had must not cost the call.
    try {
      String told = options.network().get();
      if (told != null) now = told;
    } catch (RuntimeException e) {
      events.emit(l -> l.error("the network's name: " + e));
    }
    boolean changed;
    synchronized (this) {
      changed = lastNetwork != null && !lastNetwork.equals(now);
      lastNetwork = now;
    }
    if (changed) regions.networkChanged();
    return now;
  }

  @Override
  public LinkEstimator link(String network, String target) {
    return surrogates.link(network.isEmpty() ? target : network + " " + target);
  }

  @Override
  public CostModel costs() {
    return costs;
  }

  @Override
  public DeviceProfile device() {
    // A profile that cannot be had must not cost the call.
    try {
      DeviceProfile profile = options.device().get();
      if (profile != null) return profile;
    } catch (RuntimeException e) {
      events.emit(l -> l.error("the device's profile: " + e));
    }
    return DeviceProfile.MAINS;
  }
}
