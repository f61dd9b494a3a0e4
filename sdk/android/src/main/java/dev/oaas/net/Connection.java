package dev.oaas.net;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** One connection and HTTP/1.1 on it, one exchange at a time. */
final class Connection {
  private static final int MAX_HEAD_BYTES = 64 * 1024;
  /** More than a surrogate's largest answer. */
  private static final int MAX_BODY_BYTES = 16 * 1024 * 1024;
  /** Of a peer that does not say how long it keeps connections. */
  private static final double DEFAULT_KEEP_MS = 4_000;

  /** An answer's parts. */
  static final class Answer {
    final int status;
    final String body;
    final int bodyBytes;
    final Double retryAfterMs;

    Answer(int status, String body, int bodyBytes, Double retryAfterMs) {
      this.status = status;
      this.body = body;
      this.bodyBytes = bodyBytes;
      this.retryAfterMs = retryAfterMs;
    }
  }

  private final Socket raw;
  private final InputStream in;
  private final OutputStream out;
  /** The peer has begun to answer. */
  private boolean answering;
  private boolean keep;
  private double keepUntilMs;

  Connection(Socket raw, Socket secured) throws IOException {
    this.raw = raw;
    in = new BufferedInputStream(secured.getInputStream(), 16 * 1024);
    out = secured.getOutputStream();
  }

  /** Whether it may serve another exchange now. */
  boolean isReusable() {
    return keep && Clock.nowMs() < keepUntilMs && !raw.isClosed();
  }

  boolean hasAnswered() {
    return answering;
  }

  /** The socket below TLS: closing that one ends reads and writes at once, without a word to the peer. */
  void abort() {
    try {
      raw.close();
    } catch (IOException e) {
      // It is gone either way.
    }
  }

  Answer exchange(byte[] head, byte[] body) throws IOException {
    answering = false;
    keep = false;
    byte[] message = new byte[head.length + body.length];
    System.arraycopy(head, 0, message, 0, head.length);
    System.arraycopy(body, 0, message, head.length, body.length);
    out.write(message);
    out.flush();
    int status;
    Map<String, String> headers;
    do {
      String statusLine = line();
      status = statusOf(statusLine);
      headers = headers();
    } while (status / 100 == 1);
    byte[] received = body(status, headers);
    keepAlive(headers);
    return new Answer(status, new String(received, StandardCharsets.UTF_8), received.length, retryAfterMs(headers.get("retry-after")));
  }

  private static int statusOf(String line) throws IOException {
    if (!line.startsWith("HTTP/1.") || line.length() < 12) throw new IOException("not an HTTP answer");
    try {
      return Integer.parseInt(line.substring(9, 12));
    } catch (NumberFormatException e) {
      throw new IOException("not an HTTP answer", e);
    }
  }

  private Map<String, String> headers() throws IOException {
    Map<String, String> headers = new HashMap<>();
    int size = 0;
    for (String line = line(); !line.isEmpty(); line = line()) {
      size += line.length();
      if (size > MAX_HEAD_BYTES) throw new IOException("more than " + MAX_HEAD_BYTES + " bytes of headers");
      int colon = line.indexOf(':');
      if (colon > 0) headers.put(line.substring(0, colon).trim().toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
    }
    return headers;
  }

  private byte[] body(int status, Map<String, String> headers) throws IOException {
    if (status == 204 || status == 304) return new byte[0];
    if ("chunked".equalsIgnoreCase(headers.get("transfer-encoding"))) return chunks();
    String length = headers.get("content-length");
    if (length != null) return exactly(parse(length, 10));
    headers.put("connection", "close");
    return rest();
  }

  private byte[] chunks() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (true) {
      String line = line();
      int semicolon = line.indexOf(';');
      int size = parse(semicolon < 0 ? line : line.substring(0, semicolon), 16);
      if (size == 0) break;
      if (all.size() + (long) size > MAX_BODY_BYTES) throw tooLarge();
      all.write(exactly(size));
      line();
    }
    while (!line().isEmpty()) {
      // Trailers say nothing to us.
    }
    return all.toByteArray();
  }

  private byte[] rest() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] buffer = new byte[8192];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      all.write(buffer, 0, n);
      if (all.size() > MAX_BODY_BYTES) throw tooLarge();
    }
    return all.toByteArray();
  }

  private byte[] exactly(int length) throws IOException {
    if (length > MAX_BODY_BYTES) throw tooLarge();
    byte[] bytes = new byte[length];
    int at = 0;
    while (at < length) {
      int n = in.read(bytes, at, length - at);
      if (n < 0) throw new EOFException("the connection ended within the answer");
      at += n;
    }
    return bytes;
  }

  private String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(64);
    while (true) {
      int b = in.read();
      if (b < 0) throw new EOFException("the connection ended before the answer");
      answering = true;
      if (b == '\n') break;
      if (b != '\r') line.write(b);
      if (line.size() > MAX_HEAD_BYTES) throw new IOException("a header line of more than " + MAX_HEAD_BYTES + " bytes");
    }
    return new String(line.toByteArray(), StandardCharsets.ISO_8859_1);
  }

  private void keepAlive(Map<String, String> headers) {
    keep = !"close".equalsIgnoreCase(headers.get("connection"));
    keepUntilMs = Clock.nowMs() + DEFAULT_KEEP_MS;
    String said = headers.get("keep-alive");
    if (said == null) return;
    for (String part : said.split(",")) {
      String[] pair = part.trim().split("=");
      // A second of it for the way there.
      if (pair.length == 2 && pair[0].equals("timeout") && pair[1].matches("\\d{1,6}")) {
        keepUntilMs = Clock.nowMs() + Math.max(0, Integer.parseInt(pair[1]) * 1000.0 - 1_000);
      }
    }
  }

  private static int parse(String number, int radix) throws IOException {
    try {
      int value = Integer.parseInt(number.trim(), radix);
      if (value >= 0) return value;
    } catch (NumberFormatException e) {
      // Falls through to the same complaint.
    }
    throw new IOException("a length of \"" + number + "\"");
  }

  private static IOException tooLarge() {
    return new IOException("an answer of more than " + MAX_BODY_BYTES + " bytes");
  }

  /** In ms; the date form is ignored because a device's clock is not trusted. */
  private static Double retryAfterMs(String header) {
    return header != null && header.matches("\\d{1,9}(\\.\\d{1,9})?") ? Double.parseDouble(header) * 1000 : null;
  }
}
