package dev.oaas.client;

import dev.oaas.DeviceProfile;
import dev.oaas.net.Cancel;
import dev.oaas.net.Threads;
import java.util.function.Supplier;

/** What a method needs of the client it was declared on. */
final class Host {
  final Events events;
  final Tickets tickets;
  final Surrogates surrogates;
  final Regions regions;
  final Supplier<DeviceProfile> device;
  final Cancel closing;
  final Route route;
  final Threads threads;

  Host(
      Events events, Tickets tickets, Surrogates surrogates, Regions regions, Supplier<DeviceProfile> device, Cancel closing, Route route,
      Threads threads) {
    this.events = events;
    this.tickets = tickets;
    this.surrogates = surrogates;
    this.regions = regions;
    this.device = device;
    this.closing = closing;
    this.route = route;
    this.threads = threads;
  }
}
