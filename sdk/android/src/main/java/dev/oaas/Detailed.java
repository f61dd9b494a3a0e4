package dev.oaas;

import dev.oaas.decide.Where;
import java.util.Collections;
import java.util.List;

/** A call's result, where it ran, and why. */
public final class Detailed<R> {
  public final R result;
  public final Where ranOn;
  /** {@code null} for a local result. */
  public final String region;
  /** {@code null} for a local result. */
  public final String vmId;
  /** VMs that handed the task on. */
  public final List<String> hops;
  /** In a word, such as {@code faster-remote} or {@code fallback}. */
  public final String reason;
  /** The same for people, with the numbers that decided. */
  public final String why;
  public final Timings timings;
  public final List<Attempt> attempts;
  public final String requestId;

  public Detailed(
      R result, Where ranOn, String region, String vmId, List<String> hops, String reason, String why, Timings timings,
      List<Attempt> attempts, String requestId) {
    this.result = result;
    this.ranOn = ranOn;
    this.region = region;
    this.vmId = vmId;
    this.hops = Collections.unmodifiableList(hops);
    this.reason = reason;
    this.why = why;
    this.timings = timings;
    this.attempts = Collections.unmodifiableList(attempts);
    this.requestId = requestId;
  }

  /** The same call with its result of another type. */
  public <T> Detailed<T> withResult(T other) {
    return new Detailed<>(other, ranOn, region, vmId, hops, reason, why, timings, attempts, requestId);
  }
}
