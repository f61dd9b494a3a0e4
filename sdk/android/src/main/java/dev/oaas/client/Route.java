package dev.oaas.client;

/** How a call gets to a surrogate. Blocks until it is settled. */
interface Route {
  RemoteOutcome run(RemoteCall call);

  /** Whether calls need a ticket of their own. */
  boolean usesTickets();
}
