package dev.oaas.client;

/** A regional endpoint as this client sees it. Its fields change under the lock of {@link Regions}. */
final class Region {
  final String url;
  /** Named by the caller; else the endpoint itself says which region it is. */
  final boolean named;
  private String name;
  private Double rttMs;
  private boolean down;
  /** Monotonic time of the last answer. */
  private Double lastAnswerMs;

  Region(String name, String url) {
    named = name != null;
    this.name = named ? name : url.substring(url.indexOf("//") + 2);
    this.url = url;
  }

  synchronized String name() {
    return name;
  }

  synchronized void rename(String other) {
    name = other;
  }

  synchronized Double rttMs() {
    return rttMs;
  }

  synchronized void measured(double ms) {
    rttMs = rttMs == null || ms < rttMs ? ms : rttMs + DurationEstimator.EWMA_WEIGHT * (ms - rttMs);
  }

  synchronized void forgetRtt() {
    rttMs = null;
  }

  synchronized boolean isDown() {
    return down;
  }

  /** @return whether that is news */
  synchronized boolean setDown(boolean value) {
    boolean news = down != value;
    down = value;
    return news;
  }

  synchronized void answered(double nowMs) {
    lastAnswerMs = nowMs;
  }

  synchronized boolean answeredSince(double ms) {
    return lastAnswerMs != null && lastAnswerMs > ms;
  }
}
