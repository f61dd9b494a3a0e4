package dev.oaas.net;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Kept-alive connections to one peer. */
final class Pool {
  /** More than a VM admits at once; further requests wait for a free connection. */
  private static final int MOST_CONNECTIONS = 64;
  /** A burst opens its connections a few at a time: a hundred handshakes at once would each be too slow for their timeout. */
  private static final int MOST_HANDSHAKES = 8;

  private final String host;
  private final int port;
  private final String hostHeader;
  private final Dialer dialer;
  private final Threads threads;
  private final Deque<Connection> idle = new ArrayDeque<>();
  private final Set<Connection> open = new HashSet<>();
  private final Semaphore connections = new Semaphore(MOST_CONNECTIONS);
  private final Semaphore handshakes = new Semaphore(MOST_HANDSHAKES);
  private boolean closed;

  Pool(String host, int port, boolean defaultPort, Dialer dialer, Threads threads) {
    this.host = host;
    this.port = port;
    this.dialer = dialer;
    this.threads = threads;
    String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    hostHeader = defaultPort ? name : name + ":" + port;
  }

  Exchange exchange(String path, Request request) {
    Attempt attempt = new Attempt(path, request);
    Runnable unwatch = threads.after(request.timeoutMs, () -> attempt.stop(Exchange.Failure.TIMEOUT));
    Runnable unlisten = request.cancel.onCancel(() -> attempt.stop(Exchange.Failure.ABORTED));
    try {
      return attempt.run();
    } finally {
      unwatch.run();
      unlisten.run();
    }
  }

  synchronized void close() {
    closed = true;
    for (Connection connection : open) connection.abort();
    open.clear();
    idle.clear();
  }

  private synchronized Connection takeIdle() {
    while (!idle.isEmpty()) {
      // The one used last is the least likely to be dead.
      Connection connection = idle.pop();
      if (connection.isReusable()) return connection;
      discard(connection);
    }
    return null;
  }

  private synchronized void giveBack(Connection connection) {
    if (!closed && connection.isReusable()) idle.push(connection);
    else discard(connection);
  }

  private synchronized void discard(Connection connection) {
    open.remove(connection);
    connection.abort();
  }

  private synchronized void register(Connection connection) throws IOException {
    if (closed) {
      connection.abort();
      throw new IOException("closed");
    }
    open.add(connection);
  }

  /** One exchange, which a timer or the caller may stop from another thread at any time. */
  private final class Attempt {
    private final Request request;
    private final byte[] head;
    private final byte[] body;
    private Socket socket;
    private Connection connection;
    private Exchange.Failure stopped;
    private boolean handshakeLate;
    private boolean sent;

    Attempt(String path, Request request) {
      this.request = request;
      body = request.body == null ? new byte[0] : request.body.getBytes(StandardCharsets.UTF_8);
      StringBuilder lines = new StringBuilder(256);
      lines.append(request.method).append(' ').append(path).append(" HTTP/1.1\r\nhost: ").append(hostHeader).append("\r\n");
      if (request.bearer != null) lines.append("authorization: Bearer ").append(request.bearer).append("\r\n");
      if (request.body != null) lines.append("content-type: application/json\r\ncontent-length: ").append(body.length).append("\r\n");
      head = lines.append("accept: application/json\r\n\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    Exchange run() {
      boolean held = false;
      try {
        held = acquire(connections, request.timeoutMs);
        if (!held) return Exchange.failed(Exchange.Failure.TIMEOUT, false, "no free connection within " + Math.round(request.timeoutMs) + " ms");
        return exchange();
      } catch (IOException | RuntimeException e) {
        return failure(e);
      } finally {
        if (held) connections.release();
      }
    }

    private Exchange exchange() throws IOException {
      Connection kept = takeIdle();
      if (kept != null) {
        try {
          return over(kept);
        } catch (IOException e) {
          // A kept connection that was dead: what is harmless twice goes out again, anything else is the caller's to judge.
          if (!request.repeatable || kept.hasAnswered() || isStopped()) throw e;
        }
      }
      return over(connect());
    }

    private Exchange over(Connection used) throws IOException {
      hold(null, used);
      try {
        synchronized (this) {
          sent = true;
        }
        Connection.Answer answer = used.exchange(head, body);
        synchronized (this) {
          // From here on a stop must not close what others may use.
          connection = null;
          if (stopped != null) throw new IOException("stopped");
        }
        giveBack(used);
        return Exchange.answer(answer.status, answer.body, answer.retryAfterMs, body.length, answer.bodyBytes);
      } catch (IOException | RuntimeException e) {
        discard(used);
        throw e;
      }
    }

    private Connection connect() throws IOException {
      if (!acquire(handshakes, request.timeoutMs)) throw new IOException("no free connection");
      Socket raw = new Socket();
      Runnable unwatch = threads.after(dialer.timeoutMs(), this::handshakeTimeout);
      try {
        hold(raw, null);
        raw.setTcpNoDelay(true);
        raw.connect(new InetSocketAddress(host, port), (int) Math.max(1, Math.min(dialer.timeoutMs(), request.timeoutMs)));
        Connection made = new Connection(raw, dialer.secure(raw));
        register(made);
        return made;
      } catch (IOException | RuntimeException e) {
        raw.close();
        throw e;
      } finally {
        unwatch.run();
        handshakes.release();
      }
    }

    private boolean acquire(Semaphore semaphore, double timeoutMs) throws IOException {
      try {
        return semaphore.tryAcquire((long) timeoutMs, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }

    private void hold(Socket raw, Connection used) throws IOException {
      synchronized (this) {
        socket = raw;
        connection = used;
        if (stopped == null) return;
      }
      if (raw != null) raw.close();
      throw new IOException("stopped");
    }

    private synchronized boolean isStopped() {
      return stopped != null;
    }

    private void handshakeTimeout() {
      synchronized (this) {
        if (connection != null || socket == null) return;
        handshakeLate = true;
      }
      shut();
    }

    void stop(Exchange.Failure why) {
      synchronized (this) {
        if (stopped != null) return;
        stopped = why;
      }
      shut();
    }

    private void shut() {
      Socket raw;
      Connection used;
      synchronized (this) {
        raw = socket;
        used = connection;
      }
      if (used != null) used.abort();
      if (raw == null) return;
      try {
        raw.close();
      } catch (IOException e) {
        // It is gone either way.
      }
    }

    private synchronized Exchange failure(Exception error) {
      if (stopped == Exchange.Failure.TIMEOUT) {
        return Exchange.failed(stopped, sent, "no answer within " + Math.round(request.timeoutMs) + " ms");
      }
      if (stopped == Exchange.Failure.ABORTED) return Exchange.failed(stopped, sent, "aborted by the caller");
      boolean late = handshakeLate || error instanceof java.net.SocketTimeoutException;
      if (late && !sent) {
        return Exchange.failed(Exchange.Failure.TIMEOUT, false, "no connection within " + Math.round(dialer.timeoutMs()) + " ms");
      }
      String message = error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
      return Exchange.failed(Exchange.Failure.NETWORK, sent, message);
    }
  }
}
