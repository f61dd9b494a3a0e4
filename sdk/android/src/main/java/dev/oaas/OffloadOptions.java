package dev.oaas;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** Options of a declared method or proxy. Every setter answers the same object. */
public final class OffloadOptions {
  private String appId;
  private String slaId;
  private Double acceleration;
  private Requirements requirements;
  private Boolean idempotent;
  private Double deadlineMs;
  private Prefer prefer = Prefer.AUTO;
  private Double localEstimateMs;
  private int localParallelism = Math.max(1, Runtime.getRuntime().availableProcessors());
  private boolean prefetch = true;
  private boolean explore = true;
  private Function<Object[], ?> sizeOf;
  private boolean localRunsAside = true;
  private Encoding encoding = Encoding.JAVA;
  private final List<Class<?>> classes = new ArrayList<>();

  private OffloadOptions() {}

  /** All defaults. */
  public static OffloadOptions defaults() {
    return new OffloadOptions();
  }

  /** Defaults for an app, whatever the interface's annotation says. */
  public static OffloadOptions ofApp(String appId) {
    OffloadOptions options = new OffloadOptions();
    options.appId = appId;
    return options;
  }

  /** Agreement to ask for; absent: the app's default. */
  public OffloadOptions sla(String id) {
    slaId = id;
    return this;
  }

  /** Least VM speed per core relative to the reference core. */
  public OffloadOptions acceleration(double value) {
    acceleration = OaasOptions.positive("acceleration", value);
    return this;
  }

  /** Overrides the manifest's requirements, upwards only. */
  public OffloadOptions requirements(Requirements value) {
    requirements = value;
    return this;
  }

  /** Overrides the annotations: only then is a call whose outcome is unknown run again. */
  public OffloadOptions idempotent(boolean value) {
    idempotent = value;
    return this;
  }

  /** Overrides the annotations: whole time the caller is willing to wait, in ms. Default 30,000. */
  public OffloadOptions deadlineMs(double ms) {
    deadlineMs = OaasOptions.positive("deadlineMs", ms);
    return this;
  }

  public OffloadOptions prefer(Prefer value) {
    prefer = value;
    return this;
  }

  /** Estimate of the local time in ms before anything was measured. */
  public OffloadOptions localEstimateMs(double ms) {
    localEstimateMs = OaasOptions.positive("localEstimateMs", ms);
    return this;
  }

  /** Runs that the device can do at once without slowing down. Default: its processors; an object with state does one at a time. */
  public OffloadOptions localParallelism(int runs) {
    localParallelism = (int) OaasOptions.positive("localParallelism", runs);
    return this;
  }

  /** Ask for a session ticket as soon as the method is declared. Default true. */
  public OffloadOptions prefetch(boolean value) {
    prefetch = value;
    return this;
  }

  /** Measure the side that is losing now and then, in case it has changed. Default true. */
  public OffloadOptions explore(boolean value) {
    explore = value;
    return this;
  }

  /**
   * Names what makes calls long or short, from their arguments: {@code sizeOf(args -> args[1])} for a search depth. Calls with the same answer are
   * measured together, others apart; at most 64 answers are remembered.
   */
  public OffloadOptions sizeOf(Function<Object[], ?> value) {
    sizeOf = value;
    return this;
  }

  /**
   * Whether an idempotent method may run on both sides at once when it is open which is faster: on a surrogate, and here on a thread of the
   * client's. The first result counts. Default true; turn it off for an implementation that needs the calling thread.
   */
  public OffloadOptions localRunsAside(boolean value) {
    localRunsAside = value;
    return this;
  }

  /** Default {@link Encoding#JAVA}. */
  public OffloadOptions encoding(Encoding value) {
    encoding = value;
    return this;
  }

  /** Classes of the app that may travel beyond those that signatures declare, as in {@code java.classes} of its manifest. */
  public OffloadOptions classes(Class<?>... types) {
    classes.addAll(Arrays.asList(types));
    return this;
  }

  public String appId() {
    return appId;
  }

  public String slaId() {
    return slaId;
  }

  public Double acceleration() {
    return acceleration;
  }

  public Requirements requirements() {
    return requirements;
  }

  /** {@code null}: what the annotations say. */
  public Boolean idempotent() {
    return idempotent;
  }

  /** {@code null}: what the annotations say. */
  public Double deadlineMs() {
    return deadlineMs;
  }

  public Prefer prefer() {
    return prefer;
  }

  public Double localEstimateMs() {
    return localEstimateMs;
  }

  public int localParallelism() {
    return localParallelism;
  }

  public boolean prefetch() {
    return prefetch;
  }

  public boolean explore() {
    return explore;
  }

  /** {@code null}: all calls are of one size. */
  public Function<Object[], ?> sizeOf() {
    return sizeOf;
  }

  public boolean localRunsAside() {
    return localRunsAside;
  }

  public Encoding encoding() {
    return encoding;
  }

  public List<Class<?>> classes() {
    return Collections.unmodifiableList(classes);
  }
}
