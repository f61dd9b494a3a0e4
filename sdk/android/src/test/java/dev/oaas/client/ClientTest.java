package dev.oaas.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.oaas.OaasClient;
import dev.oaas.OaasOptions;
import dev.oaas.OffloadOptions;
import dev.oaas.Prefer;
import dev.oaas.samples.Samples.LocalCounter;
import dev.oaas.samples.Samples.LocalMaths;
import dev.oaas.samples.Samples.Maths;
import dev.oaas.wire.Implementations;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** A client against regions and surrogates over real sockets and TLS. */
abstract class ClientTest {
  private final List<AutoCloseable> open = new ArrayList<>();
  FakeAgent one;
  FakeAgent two;
  FakeRegion region;

  /** The first handshake of a JVM loads hundreds of classes, which on a busy machine takes longer than a surrogate may. */
  @BeforeAll
  static void warmUp() throws Exception {
    ClientTest once = new ClientTest() {};
    once.start();
    Maths maths = once.maths(remote());
    for (int i = 0; i < 20; i++) maths.sum(new int[] {i});
    once.stop();
  }

  @BeforeEach
  void start() throws Exception {
    one = agent("vm-1");
    two = agent("vm-2");
    region = region("alpha", one, two);
  }

  @AfterEach
  void stop() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) open.get(i).close();
  }

  <T extends AutoCloseable> T closing(T resource) {
    open.add(resource);
    return resource;
  }

  FakeAgent agent(String vmId) throws Exception {
    List<String> names = List.of(LocalMaths.class.getName(), LocalCounter.class.getName());
    Implementations app = Implementations.load(getClass().getClassLoader(), names, List.of());
    return closing(new FakeAgent(vmId, Certificates.of(vmId, "own"), app));
  }

  FakeRegion region(String name, FakeAgent... agents) throws Exception {
    return closing(new FakeRegion(name, agents));
  }

  OaasClient client(String... urls) {
    return closing(new OaasClient(OaasOptions.withKey("device-key").endpoints(urls).probeIntervalMs(0).placementTimeoutMs(10_000)));
  }

  static OffloadOptions remote() {
    return OffloadOptions.defaults().prefer(Prefer.REMOTE);
  }

  Maths maths(OffloadOptions options) {
    return client(region.url).proxy(Maths.class, new LocalMaths(), options);
  }

  static void eventually(String what, java.util.function.BooleanSupplier holds) {
    long endNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!holds.getAsBoolean()) {
      assertTrue(System.nanoTime() < endNs, what);
      FakeRegion.pause(5);
    }
  }
}
