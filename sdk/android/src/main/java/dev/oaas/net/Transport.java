package dev.oaas.net;

/** How the SDK reaches the world. */
public interface Transport {
  /** To a regional endpoint, at an absolute URL. */
  Exchange control(String url, Request request);

  /** To an agent, over TLS that trusts only its certificate. */
  Exchange surrogate(Address address, String path, Request request);

  /** Ends all connections; exchanges in progress fail. */
  void close();
}
