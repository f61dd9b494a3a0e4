package dev.oaas.net;

import java.lang.reflect.Method;

/** Milliseconds on the device's monotonic clock. The wall clock is never read: it may be wrong by minutes. */
public final class Clock {
  /** On Android {@code System.nanoTime} stands still in deep sleep, while tickets run out: this one does not. */
  private static final Method ELAPSED = elapsedRealtimeNanos();

  private Clock() {}

  /** Now; only differences mean anything. */
  public static double nowMs() {
    if (ELAPSED == null) return System.nanoTime() / 1e6;
    try {
      return (Long) ELAPSED.invoke(null) / 1e6;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("SystemClock.elapsedRealtimeNanos failed", e);
    }
  }

  private static Method elapsedRealtimeNanos() {
    try {
      return Class.forName("android.os.SystemClock").getMethod("elapsedRealtimeNanos");
    } catch (ReflectiveOperationException e) {
      return null;
    }
  }
}
