package dev.oaas;

import dev.oaas.decide.Where;

/** One try of a call. */
public final class Attempt {
  /** How a try ended. */
  public enum Outcome {
    OK,
    /** By the surrogate or the region: nothing ran. */
    REFUSED,
    NOT_SENT,
    /** It may have run. */
    UNKNOWN,
    /** The method itself threw. */
    FAILED,
    ABANDONED
  }

  public final Where where;
  /** VM id, {@code proxy}, or {@code device}. */
  public final String target;
  /** {@code null} on the device. */
  public final String region;
  public final Outcome outcome;
  /** Problem or error; {@code null}: none. */
  public final String detail;
  public final double ms;

  public Attempt(Where where, String target, String region, Outcome outcome, String detail, double ms) {
    this.where = where;
    this.target = target;
    this.region = region;
    this.outcome = outcome;
    this.detail = detail;
    this.ms = ms;
  }

  @Override
  public String toString() {
    return target + " " + outcome + (detail == null ? "" : " (" + detail + ")");
  }
}
