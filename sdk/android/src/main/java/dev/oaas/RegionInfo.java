package dev.oaas;

/** A region as the client sees it. */
public final class RegionInfo {
  public final String region;
  public final String url;
  /** {@code null}: not measured. */
  public final Double rttMs;
  public final boolean down;

  public RegionInfo(String region, String url, Double rttMs, boolean down) {
    this.region = region;
    this.url = url;
    this.rttMs = rttMs;
    this.down = down;
  }
}
