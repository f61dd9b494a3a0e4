package dev.oaas;

/** Events of a client, for logs and meters. Called on the SDK's threads; what a listener throws is dropped. */
public interface OaasListener {
  /** A region was {@code chosen}, or is thought to be {@code up} or {@code down}. */
  default void region(String region, String url, String state, Double rttMs) {}

  /** A ticket was issued ({@code renewal}: in the background). */
  default void ticket(String appId, String region, String mode, double expiresInMs, boolean renewal, double placementMs) {}

  /** A try ended. */
  default void attempt(String appId, String method, String requestId, Attempt attempt) {}

  /** Remote was tried and the device runs the call. */
  default void fallback(String appId, String method, String requestId, String cause) {}

  /** A call has its result. */
  default void result(String appId, String method, String requestId, String reason, Timings timings) {}

  /** Something failed in the background. */
  default void error(String message) {}
}
