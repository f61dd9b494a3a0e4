package dev.oaas.net;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * TLS to one agent: its own certificate is the only authority and its id the server name. A peer passes only when its certificate is byte for byte
 * the pinned one, whose key the handshake proves it to hold; checked again on every connection, resumed ones too. Sessions live in a context
 * of this certificate alone, so that none is ever offered to another peer.
 *
 * <p>The validity's dates are not looked at: they would be judged by the device's clock, and a VM's certificate is bounded by its ticket.
 */
final class PinnedDialer implements Dialer {
  /** A live VM answers a handshake in milliseconds; one that is gone shall not cost the deadline. */
  private static final double TIMEOUT_MS = 1_000;

  private static final List<String> PROTOCOLS = Arrays.asList("TLSv1.3", "TLSv1.2");
  private static final int DNS_NAME = 2;

  private final Address address;
  private final int port;
  private final X509Certificate pinned;
  private final SSLContext context;

  /** @throws IOException when the certificate is none, or not for that VM */
  PinnedDialer(Address address, int port) throws IOException {
    this.address = address;
    this.port = port;
    try {
      byte[] pem = address.certPem.getBytes(StandardCharsets.US_ASCII);
      pinned = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
      if (!names(pinned).contains(address.vmId)) throw new IOException("its certificate is for " + names(pinned));
      context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new OnlyPinned()}, null);
    } catch (GeneralSecurityException | ClassCastException e) {
      throw new IOException("its certificate cannot be used: " + e.getMessage(), e);
    }
  }

  @Override
  public double timeoutMs() {
    return TIMEOUT_MS;
  }

  @Override
  public Socket secure(Socket raw) throws IOException {
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(raw, address.vmId, port, true);
    List<String> protocols = new ArrayList<>(PROTOCOLS);
    // Android 8 and 9 know TLS 1.2 only.
    protocols.retainAll(Arrays.asList(socket.getSupportedProtocols()));
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setProtocols(protocols.toArray(new String[0]));
    parameters.setServerNames(Collections.singletonList(new SNIHostName(address.vmId)));
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    if (!isPinned(socket.getSession().getPeerCertificates()[0])) {
      throw new SSLPeerUnverifiedException("the peer does not hold the pinned certificate");
    }
    return socket;
  }

  private boolean isPinned(java.security.cert.Certificate certificate) throws IOException {
    try {
      return Arrays.equals(certificate.getEncoded(), pinned.getEncoded());
    } catch (CertificateException e) {
      throw new IOException("unreadable certificate", e);
    }
  }

  private static List<String> names(X509Certificate certificate) throws CertificateException {
    List<String> names = new ArrayList<>();
    Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
    if (alternatives == null) return names;
    for (List<?> name : alternatives) if (Integer.valueOf(DNS_NAME).equals(name.get(0))) names.add((String) name.get(1));
    return names;
  }

  private final class OnlyPinned implements X509TrustManager {
    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
      try {
        if (chain == null || chain.length == 0 || !isPinned(chain[0])) {
          throw new CertificateException("the peer does not hold the pinned certificate");
        }
      } catch (IOException e) {
        throw new CertificateException(e);
      }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
      throw new CertificateException("this end is a client");
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[] {pinned};
    }
  }
}
