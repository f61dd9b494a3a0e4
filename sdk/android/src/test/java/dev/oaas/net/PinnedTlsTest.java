package dev.oaas.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.oaas.client.Certificates;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** No byte of a request goes to a peer that has not proven to hold the pinned certificate's key. */
class PinnedTlsTest {
  private final Threads threads = new Threads();
  private final SocketTransport transport = new SocketTransport(threads);
  private final AtomicInteger requests = new AtomicInteger();
  private final ConcurrentLinkedQueue<Integer> peers = new ConcurrentLinkedQueue<>();
  private final List<HttpsServer> servers = new ArrayList<>();
  private final Certificates.Identity own = Certificates.of("vm-1", "own");

  @AfterEach
  void stop() {
    transport.close();
    threads.close();
    for (HttpsServer server : servers) server.stop(0);
  }

  private String serve(Certificates.Identity identity, int port, String... protocols) throws IOException {
    HttpsServer server = HttpsServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(identity.server) {
      @Override
      public void configure(HttpsParameters parameters) {
        if (protocols.length > 0) parameters.setProtocols(protocols);
      }
    });
    server.createContext("/", exchange -> {
      requests.incrementAndGet();
      peers.add(exchange.getRemoteAddress().getPort());
      byte[] body = exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    server.start();
    servers.add(server);
    return "https://127.0.0.1:" + server.getAddress().getPort();
  }

  private Exchange post(Address address) {
    return transport.surrogate(address, "/v1/tasks", Request.post("{\"secret\":1}", "ticket", 10_000, new Cancel()));
  }

  @Test
  void theAgentItselfIsReachedAndItsConnectionKept() throws IOException {
    Address address = new Address("vm-1", serve(own, 0), own.certPem);
    for (int i = 0; i < 20; i++) {
      Exchange reply = post(address);
      assertTrue(reply.isSuccess(), reply.detail);
      assertEquals("{\"secret\":1}", reply.body);
    }
    assertEquals(1, peers.stream().distinct().count());
  }

  @Test
  void tls12ServesAndroid8() throws IOException {
    assertTrue(post(new Address("vm-1", serve(own, 0, "TLSv1.2"), own.certPem)).isSuccess());
  }

  private void refused(Address address) {
    Exchange reply = post(address);
    assertFalse(reply.isAnswer());
    assertFalse(reply.sent, "it must be certain that nothing was sent: " + reply.detail);
    assertEquals(0, requests.get());
  }

  @Test
  void anotherKeyOfTheSameNameIsRefused() throws IOException {
    refused(new Address("vm-1", serve(Certificates.of("vm-1", "impostor"), 0), own.certPem));
  }

  @Test
  void anotherVmIsRefusedEvenWithAGoodCertificate() throws IOException {
    Certificates.Identity other = Certificates.of("vm-2", "own");
    refused(new Address("vm-1", serve(other, 0), own.certPem));
    // The pinned certificate itself must be for that id.
    refused(new Address("vm-1", serve(other, 0), other.certPem));
  }

  @Test
  void anImpostorThatTakesOverThePortIsRefusedOnAResumedSessionToo() throws IOException {
    String url = serve(own, 0);
    Address address = new Address("vm-1", url, own.certPem);
    assertTrue(post(address).isSuccess());
    servers.get(0).stop(0);
    requests.set(0);
    serve(Certificates.of("vm-1", "impostor"), Integer.parseInt(url.substring(url.lastIndexOf(':') + 1)));
    // The kept connection is dead: its one use may be of unknown outcome, but the impostor gets nothing.
    post(address);
    assertFalse(post(address).isAnswer());
    assertEquals(0, requests.get());
  }

  @Test
  void whatIsNoCertificateOrNoTlsIsRefused() throws IOException {
    String url = serve(own, 0);
    refused(new Address("vm-1", url, "not a certificate"));
    refused(new Address("vm-1", url.replace("https", "http"), own.certPem));
    refused(new Address("vm-1", "https://", own.certPem));
  }

  @Test
  void aPeerThatNeverShakesHandsCostsASecondAndNothingIsSent() throws Exception {
    try (ServerSocket mute = new ServerSocket(0)) {
      Thread accepting = new Thread(() -> {
        List<Socket> held = new ArrayList<>();
        try {
          while (true) held.add(mute.accept());
        } catch (IOException e) {
          // Closed: the test is over.
        }
      });
      accepting.setDaemon(true);
      accepting.start();
      long beganNs = System.nanoTime();
      Exchange reply = post(new Address("vm-1", "https://127.0.0.1:" + mute.getLocalPort(), own.certPem));
      assertFalse(reply.sent);
      assertEquals(Exchange.Failure.TIMEOUT, reply.failure);
      assertTrue(System.nanoTime() - beganNs < 9_000_000_000L);
    }
  }

  @Test
  void nobodyThereIsCertain() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    refused(new Address("vm-1", "https://127.0.0.1:" + port, own.certPem));
  }
}
