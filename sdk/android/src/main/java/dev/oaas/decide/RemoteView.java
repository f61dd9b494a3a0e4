package dev.oaas.decide;

/** What is known of running the method on a surrogate. {@code null}: not known. */
public final class RemoteView {
  public boolean available = true;
  /** The pool's predicted response without the device's own link, in ms. */
  public Double predictedMs;
  /** Recent mean of what surrogates reported (queueing, running, hand-off), in ms. */
  public Double serverMs;
  public Double serverP95Ms;
  public int samples;
  public Double ageMs;
  /** Cost of a placement in ms, 0 with a ticket at hand. */
  public double placementMs;
  public double rttMs;
  /** Bytes per ms; not measured: transfers are taken as free. */
  public Double bytesPerMs;
  public double upBytes;
  public double downBytes;
  /** Mean error of recent predictions as a share of them. */
  public double error;
}
