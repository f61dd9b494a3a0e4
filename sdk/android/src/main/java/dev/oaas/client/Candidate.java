package dev.oaas.client;

import dev.oaas.net.Address;

/** A VM that a ticket names. */
final class Candidate {
  final Address address;
  /** Expected round trip added by the data centre's distance. */
  final double networkMs;

  Candidate(Address address, double networkMs) {
    this.address = address;
    this.networkMs = networkMs;
  }

  String vmId() {
    return address.vmId;
  }
}
