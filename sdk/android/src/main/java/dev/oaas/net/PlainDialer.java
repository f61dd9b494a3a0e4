package dev.oaas.net;

import java.io.IOException;
import java.net.Socket;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/** To regional endpoints: plain, or TLS by the platform's own authorities. */
final class PlainDialer implements Dialer {
  private static final double TIMEOUT_MS = 10_000;

  private final String host;
  private final int port;
  private final boolean tls;

  PlainDialer(String host, int port, boolean tls) {
    this.host = host;
    this.port = port;
    this.tls = tls;
  }

  @Override
  public double timeoutMs() {
    return TIMEOUT_MS;
  }

  @Override
  public Socket secure(Socket raw) throws IOException {
    if (!tls) return raw;
    SSLSocket socket = (SSLSocket) ((SSLSocketFactory) SSLSocketFactory.getDefault()).createSocket(raw, host, port, true);
    SSLParameters parameters = socket.getSSLParameters();
    // Without this a socket accepts anybody's certificate for any name.
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }
}
