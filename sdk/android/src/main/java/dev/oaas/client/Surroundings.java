package dev.oaas.client;

import dev.oaas.DeviceProfile;

/** What a decision reads of the client. */
interface Surroundings {
  /** A session ticket at hand. */
  final class Held {
    /** {@code null}: the region predicted nothing. */
    final Double predictedMs;
    final String vmId;

    Held(Double predictedMs, String vmId) {
      this.predictedMs = predictedMs;
      this.vmId = vmId;
    }
  }

  /** {@code null}: none. */
  Held held(Spec spec);

  /** Usual duration of a placement; {@code null}: none yet. */
  Double placementMs(Spec spec);

  boolean usesTickets();

  /** Round trip to the region in use; {@code null}: not measured. */
  Double regionRttMs();

  /** Name of the network that the device uses now; empty where it cannot tell. */
  String network();

  /** The link to a surrogate or region over that network. */
  LinkEstimator link(String network, String target);

  CostModel costs();

  DeviceProfile device();
}
