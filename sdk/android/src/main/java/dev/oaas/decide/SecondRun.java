package dev.oaas.decide;

/** Whether the device may run a call that is out at a surrogate. */
public enum SecondRun {
  /** The method is not idempotent. */
  NEVER,
  /** It may, but hears nothing while it computes. */
  AFTER,
  /** Both at once. */
  BESIDE
}
