package dev.oaas.wire;

/** A value that cannot be written, or bytes that cannot or must not be read. The message names the place and the fix. */
public final class WireException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public WireException(String message) {
    super(message);
  }

  public WireException(String message, Throwable cause) {
    super(message, cause);
  }
}
