package dev.oaas.decide;

/** What is known of running the method on the device. {@code null}: not known. */
public final class LocalView {
  /** Recent mean in ms, or the caller's estimate. */
  public Double meanMs;
  /** 95th percentile in ms; without it the mean stands in. */
  public Double p95Ms;
  public int samples;
  /** Since the last local run. */
  public Double ageMs;
  /** Local runs in progress. */
  public int running;
  public int parallelism = 1;
  /** CPU ms of the method that surrogates reported, a guess for a side never measured. */
  public Double guessMs;
  /** Mean error of recent predictions as a share of them. */
  public double error;
}
