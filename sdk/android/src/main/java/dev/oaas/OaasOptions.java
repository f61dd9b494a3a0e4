package dev.oaas;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Options of a client. Every setter answers the same object. */
public final class OaasOptions {
  /** How tasks reach a surrogate. */
  public enum Route {
    /** Ticket, then the task straight to the surrogate over TLS pinned to its certificate. */
    DIRECT,
    /** One call to the region, which forwards it: for networks that let nothing else through. */
    PROXY
  }

  private final String apiKey;
  private final Map<String, String> endpoints = new LinkedHashMap<>();
  private String regionsUrl;
  private Route route = Route.DIRECT;
  private Supplier<DeviceProfile> device = () -> DeviceProfile.MAINS;
  private Supplier<String> network = () -> "";
  private double placementTimeoutMs = 1_800;
  private double probeIntervalMs = 30_000;

  private OaasOptions(String apiKey) {
    this.apiKey = apiKey;
  }

  /**
   * @param apiKey device key; sent to regional endpoints only, never to a surrogate
   * @throws IllegalArgumentException without one
   */
  public static OaasOptions withKey(String apiKey) {
    if (apiKey == null || apiKey.isEmpty()) throw new IllegalArgumentException("apiKey must be the device key, received " + apiKey);
    return new OaasOptions(apiKey);
  }

  /** Regional endpoints; each tells its region's name itself. */
  public OaasOptions endpoints(String... urls) {
    for (String url : urls) endpoints.put(checked(url), null);
    return this;
  }

  /** A regional endpoint whose region's name is known. */
  public OaasOptions endpoint(String region, String url) {
    endpoints.put(checked(url), region);
    return this;
  }

  /** Instead of endpoints: any one of them, which is asked for all. */
  public OaasOptions regionsUrl(String url) {
    regionsUrl = checked(url);
    return this;
  }

  public OaasOptions route(Route value) {
    route = value;
    return this;
  }

  /** The device's powers and battery, asked before every decision: how much its energy counts. Default: on mains, only time counts. */
  public OaasOptions device(Supplier<DeviceProfile> profile) {
    device = profile;
    return this;
  }

  /**
   * A fixed profile in place of one by the battery.
   *
   * @param weight 0: only time counts; 1: only the device's energy
   */
  public OaasOptions energy(double weight, PowerProfile power) {
    DeviceProfile fixed = DeviceProfile.ofWeight(power, weight);
    device = () -> fixed;
    return this;
  }

  /**
   * Names the network in use, such as "wifi" or "cellular", asked before every decision. Each has its own round trips and bandwidth, so that a
   * device that leaves home need not unlearn; the regions are measured anew when it changes. Must be quick.
   */
  public OaasOptions network(Supplier<String> name) {
    network = name;
    return this;
  }

  /** For a placement over all regions together. Default 1,800. */
  public OaasOptions placementTimeoutMs(double ms) {
    placementTimeoutMs = positive("placementTimeoutMs", ms);
    return this;
  }

  /** Between background measurements of the regions; 0: only at the start. Default 30,000. */
  public OaasOptions probeIntervalMs(double ms) {
    if (!(ms >= 0)) throw new IllegalArgumentException("probeIntervalMs must be 0 or more, received " + ms);
    probeIntervalMs = ms;
    return this;
  }

  public String apiKey() {
    return apiKey;
  }

  /** Region's name (or {@code null}) by URL. */
  public Map<String, String> endpoints() {
    return Collections.unmodifiableMap(endpoints);
  }

  public String regionsUrl() {
    return regionsUrl;
  }

  public Route route() {
    return route;
  }

  public Supplier<DeviceProfile> device() {
    return device;
  }

  public Supplier<String> network() {
    return network;
  }

  public double placementTimeoutMs() {
    return placementTimeoutMs;
  }

  public double probeIntervalMs() {
    return probeIntervalMs;
  }

  /** What is missing or cannot work; empty: nothing. */
  List<String> faults() {
    List<String> faults = new ArrayList<>();
    if (endpoints.isEmpty() && regionsUrl == null) faults.add("no endpoint: call endpoints(\"https://...\") or regionsUrl(...)");
    return faults;
  }

  static double positive(String name, double value) {
    if (value > 0) return value;
    throw new IllegalArgumentException(name + " must be above 0, received " + value);
  }

  private static String checked(String url) {
    if (url != null && (url.startsWith("http://") || url.startsWith("https://"))) {
      return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }
    throw new IllegalArgumentException("an endpoint is an http or https URL, received " + url);
  }
}
