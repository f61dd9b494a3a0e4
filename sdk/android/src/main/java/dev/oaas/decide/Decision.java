package dev.oaas.decide;

import java.util.Locale;

/** Where a call is to run, and the numbers that said so. */
public final class Decision {
  public final Where where;
  /** Such as {@code faster-remote}; the reasons of the SDK's documentation. */
  public final String code;
  /** T_local and T_remote in ms; {@code null}: not known. */
  public final Double localMs;
  public final Double remoteMs;
  /** Cost of remote relative to local (1 = equal); {@code null}: not comparable. */
  public final Double cost;
  /** Of remote: without an answer after so long the device starts as well, 0: at once; {@code null}: it waits. */
  public final Double hedgeMs;

  Decision(Where where, String code, Double localMs, Double remoteMs, Double cost, Double hedgeMs) {
    this.where = where;
    this.code = code;
    this.localMs = localMs;
    this.remoteMs = remoteMs;
    this.cost = cost;
    this.hedgeMs = hedgeMs;
  }

  /** For people. */
  public String explain() {
    String ratio = cost == null ? "" : String.format(Locale.ROOT, ", cost ratio %.2f", cost);
    return code + ": local " + ms(localMs) + ", remote " + ms(remoteMs) + ratio;
  }

  private static String ms(Double value) {
    return value == null ? "not known yet" : String.format(Locale.ROOT, value < 10 ? "%.2f ms" : "%.0f ms", value);
  }
}
