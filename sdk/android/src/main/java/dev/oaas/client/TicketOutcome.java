package dev.oaas.client;

/** A ticket and what it cost, or why there is none. */
final class TicketOutcome {
  /** {@code null}: see {@link #refused}. */
  final Ticket ticket;
  /** Time spent on it; 0 when it was at hand. */
  final double ms;
  final PlacementOutcome refused;

  private TicketOutcome(Ticket ticket, double ms, PlacementOutcome refused) {
    this.ticket = ticket;
    this.ms = ms;
    this.refused = refused;
  }

  static TicketOutcome of(Ticket ticket, double ms) {
    return new TicketOutcome(ticket, ms, null);
  }

  static TicketOutcome none(PlacementOutcome why) {
    return new TicketOutcome(null, 0, why);
  }
}
