package dev.oaas;

/** Who decides where a call runs. */
public enum Prefer {
  /** The SDK, per call. */
  AUTO,
  LOCAL,
  /** Remote, which still falls back to the device on failure. */
  REMOTE
}
