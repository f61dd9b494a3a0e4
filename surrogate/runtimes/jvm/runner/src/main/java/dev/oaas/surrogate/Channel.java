package dev.oaas.surrogate;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Frames to and from the agent: a 4-byte little-endian length, then that many bytes. Reading blocks and costs no CPU. */
final class Channel {
  private static final int MAX_BYTES = 64 * 1024 * 1024;

  private final InputStream in;
  private final OutputStream out;

  Channel(InputStream in, OutputStream out) {
    this.in = in;
    this.out = out;
  }

  void send(String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    byte[] frame = new byte[4 + body.length];
    for (int i = 0; i < 4; i++) frame[i] = (byte) (body.length >>> 8 * i);
    System.arraycopy(body, 0, frame, 4, body.length);
    out.write(frame);
    out.flush();
  }

  /** The next frame. End of file means that the agent is gone: the process ends. */
  byte[] receive() throws IOException {
    byte[] head = readExactly(4);
    int length = 0;
    for (int i = 3; i >= 0; i--) length = length << 8 | head[i] & 0xff;
    if (length < 0 || length > MAX_BYTES) throw new IOException("a frame of " + length + " bytes");
    return readExactly(length);
  }

  void awaitEnd() throws IOException {
    readExactly(1);
  }

  private byte[] readExactly(int length) throws IOException {
    byte[] bytes = new byte[length];
    for (int at = 0; at < length; ) {
      int n = in.read(bytes, at, length - at);
      if (n < 0) Runtime.getRuntime().halt(0);
      at += n;
    }
    return bytes;
  }
}
