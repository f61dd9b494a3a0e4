package dev.oaas.client;

/** An RFC 9457 problem as a region or surrogate tells it. */
final class Problem {
  /** Last part of its type, such as {@code saturated}. */
  final String type;
  final String detail;
  /** {@code null}: not told. */
  final Double retryAfterMs;
  final int status;

  Problem(String type, String detail, Double retryAfterMs, int status) {
    this.type = type;
    this.detail = detail;
    this.retryAfterMs = retryAfterMs;
    this.status = status;
  }

  String describe() {
    return type + ": " + detail;
  }
}
