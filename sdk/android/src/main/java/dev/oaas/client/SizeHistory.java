package dev.oaas.client;

import dev.oaas.decide.Where;

/** What was measured of the calls of one size. */
final class SizeHistory {
  final DurationEstimator localTime = new DurationEstimator();
  final DurationEstimator serverTime = new DurationEstimator();
  final DurationEstimator runTime = new DurationEstimator();
  /** Where the last call ran; {@code null}: none has ended. */
  Where last;
  /** As surrogates reported it. */
  Double cpuMs;
  double upBytes;
  double downBytes;
  /** Answers that are still to come although their calls have ended. */
  int awaited;
}
