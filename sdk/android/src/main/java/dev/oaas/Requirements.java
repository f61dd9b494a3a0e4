package dev.oaas;

/** What a call needs beyond the app's manifest. {@code null}: what the manifest says. */
public final class Requirements {
  /** {@code node}, {@code jvm} or {@code art}. */
  public final String runtime;
  public final String os;
  public final Integer memoryMiB;
  public final Double vcpus;

  public Requirements(String runtime, String os, Integer memoryMiB, Double vcpus) {
    this.runtime = runtime;
    this.os = os;
    this.memoryMiB = memoryMiB;
    this.vcpus = vcpus;
  }
}
