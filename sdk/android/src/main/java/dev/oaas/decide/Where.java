package dev.oaas.decide;

/** The two sides of the decision. */
public enum Where {
  /** On the device. */
  LOCAL,
  /** On a surrogate. */
  REMOTE
}
