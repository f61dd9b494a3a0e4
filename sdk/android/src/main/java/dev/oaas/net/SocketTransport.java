package dev.oaas.net;

import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;

/** The transport of every virtual machine that has sockets. */
public final class SocketTransport implements Transport {
  /** Pools of VMs that no ticket has named for long are dropped beyond this number. */
  private static final int MAX_POOLS = 256;

  private final Threads threads;
  private final Map<String, Pool> regions = new LinkedHashMap<>();
  private final Map<Address, Pool> surrogates = new LinkedHashMap<>(16, 0.75f, true);
  private boolean closed;

  public SocketTransport(Threads threads) {
    this.threads = threads;
  }

  @Override
  public Exchange control(String url, Request request) {
    try {
      URI uri = URI.create(url);
      String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      return regionPool(uri).exchange(path + query, request);
    } catch (IllegalArgumentException | IllegalStateException e) {
      return Exchange.failed(Exchange.Failure.NETWORK, false, String.valueOf(e.getMessage()));
    }
  }

  @Override
  public Exchange surrogate(Address address, String path, Request request) {
    Pool pool;
    try {
      pool = surrogatePool(address);
    } catch (IOException | IllegalArgumentException | IllegalStateException e) {
      return Exchange.failed(Exchange.Failure.NETWORK, false, "unusable certificate or address of " + address.vmId + ": " + e.getMessage());
    }
    return pool.exchange(path, request);
  }

  @Override
  public synchronized void close() {
    closed = true;
    for (Pool pool : regions.values()) pool.close();
    for (Pool pool : surrogates.values()) pool.close();
    regions.clear();
    surrogates.clear();
  }

  private synchronized Pool regionPool(URI uri) {
    checkOpen();
    boolean tls = "https".equals(uri.getScheme());
    if (!tls && !"http".equals(uri.getScheme())) throw new IllegalArgumentException("not an http or https URL: " + uri);
    String key = uri.getScheme() + "://" + uri.getRawAuthority();
    Pool pool = regions.get(key);
    if (pool == null) {
      int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
      pool = new Pool(hostOf(uri), port, uri.getPort() < 0, new PlainDialer(hostOf(uri), port, tls), threads);
      regions.put(key, pool);
    }
    return pool;
  }

  private synchronized Pool surrogatePool(Address address) throws IOException {
    checkOpen();
    Pool pool = surrogates.get(address);
    if (pool != null) return pool;
    URI uri = URI.create(address.url);
    if (!"https".equals(uri.getScheme())) throw new IllegalArgumentException("not an https URL: " + uri);
    int port = uri.getPort() >= 0 ? uri.getPort() : 443;
    pool = new Pool(hostOf(uri), port, uri.getPort() < 0, new PinnedDialer(address, port), threads);
    surrogates.put(address, pool);
    if (surrogates.size() > MAX_POOLS) {
      Address oldest = surrogates.keySet().iterator().next();
      surrogates.remove(oldest).close();
    }
    return pool;
  }

  private void checkOpen() {
    if (closed) throw new IllegalStateException("closed");
  }

  private static String hostOf(URI uri) {
    String host = uri.getHost();
    if (host == null) throw new IllegalArgumentException("no host in " + uri);
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }
}
