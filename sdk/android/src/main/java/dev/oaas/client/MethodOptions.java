package dev.oaas.client;

import dev.oaas.OffloadOptions;
import dev.oaas.Offloadable;
import dev.oaas.Prefer;
import java.util.function.Function;

/** What holds for one method, from its annotation and the caller's options. */
final class MethodOptions {
  private static final double DEFAULT_DEADLINE_MS = 30_000;

  final boolean idempotent;
  final double deadlineMs;
  /** Whether the deadline was asked for, so that the decision weighs it. */
  final boolean hasDeadline;
  final Prefer prefer;
  final Double localEstimateMs;
  final int localParallelism;
  final boolean explore;
  /** {@code null}: all calls are of one size. */
  final Function<Object[], ?> sizeOf;
  final boolean localRunsAside;

  /** @param annotation {@code null}: none */
  MethodOptions(OffloadOptions options, Offloadable annotation, boolean exclusive) {
    boolean declared = annotation != null && annotation.idempotent();
    idempotent = options.idempotent() == null ? declared : options.idempotent();
    Double asked = options.deadlineMs();
    if (asked == null && annotation != null && annotation.deadlineMs() > 0) asked = (double) annotation.deadlineMs();
    hasDeadline = asked != null;
    deadlineMs = asked == null ? DEFAULT_DEADLINE_MS : asked;
    prefer = options.prefer();
    localEstimateMs = options.localEstimateMs();
    // An object with state is called one at a time.
    localParallelism = exclusive ? 1 : options.localParallelism();
    explore = options.explore();
    sizeOf = options.sizeOf();
    localRunsAside = options.localRunsAside();
  }

  /** Which history a call belongs to. */
  String sizeOf(Object[] arguments) {
    return sizeOf == null ? "" : String.valueOf(sizeOf.apply(arguments));
  }
}
