package dev.oaas.net;

/** What one HTTP exchange came to; expected failures are values. */
public final class Exchange {
  /** Why there is no answer. */
  public enum Failure {
    /** Before anything was sent: the peer did not even shake hands in time. */
    TIMEOUT,
    /** By the caller. */
    ABORTED,
    NETWORK
  }

  /** {@code null}: there is an answer. */
  public final Failure failure;
  /** False only when it is certain that the peer saw no byte of the request. */
  public final boolean sent;
  public final String detail;
  public final int status;
  public final String body;
  /** {@code null}: not told. */
  public final Double retryAfterMs;
  /** Sent and received, bodies only, and received alone. */
  public final long bytes;
  public final long receivedBytes;

  private Exchange(Failure failure, boolean sent, String detail, int status, String body, Double retryAfterMs, long bytes, long receivedBytes) {
    this.failure = failure;
    this.sent = sent;
    this.detail = detail;
    this.status = status;
    this.body = body;
    this.retryAfterMs = retryAfterMs;
    this.bytes = bytes;
    this.receivedBytes = receivedBytes;
  }

  static Exchange answer(int status, String body, Double retryAfterMs, long sentBytes, long receivedBytes) {
    return new Exchange(null, true, "", status, body, retryAfterMs, sentBytes + receivedBytes, receivedBytes);
  }

  static Exchange failed(Failure failure, boolean sent, String detail) {
    return new Exchange(failure, sent, detail, 0, "", null, 0, 0);
  }

  /** Whether there is an answer of any status. */
  public boolean isAnswer() {
    return failure == null;
  }

  /** Whether there is an answer and it is 2xx. */
  public boolean isSuccess() {
    return failure == null && status >= 200 && status < 300;
  }
}
