package dev.oaas.net;

/** One HTTP request. */
public final class Request {
  final String method;
  final String body;
  final String bearer;
  final double timeoutMs;
  final Cancel cancel;
  /** May be sent again by itself on a fresh connection when a kept one was dead. */
  final boolean repeatable;

  private Request(String method, String body, String bearer, double timeoutMs, Cancel cancel, boolean repeatable) {
    this.method = method;
    this.body = body;
    this.bearer = bearer;
    this.timeoutMs = timeoutMs;
    this.cancel = cancel;
    this.repeatable = repeatable;
  }

  /** @param bearer token; {@code null}: none */
  public static Request get(String bearer, double timeoutMs, Cancel cancel) {
    return new Request("GET", null, bearer, timeoutMs, cancel, true);
  }

  /** A JSON document that the peer may act on each time it comes. */
  public static Request post(String body, String bearer, double timeoutMs, Cancel cancel) {
    return new Request("POST", body, bearer, timeoutMs, cancel, false);
  }

  /** A JSON document that does no harm when it comes twice, such as a placement, whose unused reservation expires. */
  public static Request harmlessPost(String body, String bearer, double timeoutMs, Cancel cancel) {
    return new Request("POST", body, bearer, timeoutMs, cancel, true);
  }
}
