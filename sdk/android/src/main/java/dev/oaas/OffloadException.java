package dev.oaas;

/** The only exception the SDK throws on purpose; what the local implementation throws passes through unchanged. */
public final class OffloadException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What went wrong, for programs. */
  public enum Code {
    /** The method itself threw on the surrogate: no other place was tried. */
    TASK_FAILED,
    /** It may have run, and is not declared idempotent. */
    OUTCOME_UNKNOWN,
    DEADLINE_EXCEEDED,
    /** Could not be offloaded, and there is no local implementation. */
    UNAVAILABLE,
    ABORTED,
    CLOSED,
    /** A request like this never will be served, and there is no local implementation. */
    INVALID_REQUEST
  }

  private final Code code;
  private final String problem;

  public OffloadException(Code code, String message, String problem, Throwable cause) {
    super(message, cause);
    this.code = code;
    this.problem = problem;
  }

  public OffloadException(Code code, String message) {
    this(code, message, null, null);
  }

  public Code code() {
    return code;
  }

  /** Type of the RFC 9457 problem that caused it, e.g. {@code task-failed}; {@code null}: none. */
  public String problem() {
    return problem;
  }
}
