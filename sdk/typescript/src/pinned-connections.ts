/**
 * Kept-alive connections to one surrogate, over TLS that trusts its pinned certificate alone: no byte of a request is written before the
 * peer has proven to hold that certificate's key, on a resumed session as on a full handshake.
 *
 * Requests and answers are written and read here: Node's own client costs an empty offload 0.2 ms, twice what all the rest of this package
 * does.
 */
import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { Answer } from './answer.ts';
import { monotonicMs } from './clock.ts';
import type { Exchange, ExchangeRequest, SurrogateAddress } from './transport.ts';

/** A live VM answers a handshake in milliseconds; one that is gone shall not cost the deadline. */
const connectTimeoutMs = 1_000;
/** More than a VM admits at once; further requests wait for a free connection. */
const mostSockets = 64;
/** A burst opens its connections a few at a time: a hundred handshakes at once would each be too slow for their timeout. */
const mostHandshakes = 8;
const keepAliveProbeMs = 10_000;
/** Idle connections are given up this long before the surrogate would, so that no request meets a closing one. */
const idleMarginMs = 1_000;

class HandshakeTimeout extends Error {
  constructor() {
    super(`no TLS handshake within ${connectTimeoutMs} ms`);
  }
}

/** One request on its way; `sent` from the moment its bytes may reach the peer. */
interface Job {
  text: string;
  sent: boolean;
  connection: Connection | null;
  answered(answer: Answer): void;
  failed(error: NodeJS.ErrnoException): void;
}

export class PinnedConnections {
  closed = false;
  readonly #host: string;
  readonly #port: number;
  readonly #hostHeader: string;
  readonly #pin: { ca: string; servername: string; minVersion: 'TLSv1.3'; ALPNProtocols: string[] };
  readonly #fingerprint: string;
  /** Of a connection that passed the check: a resumed one shows no certificate (TLS 1.3), so Node's shared cache is not used. */
  #session: Buffer | undefined;
  readonly #connecting = new Set<tls.TLSSocket>();
  readonly #open = new Set<Connection>();
  /** Used last, taken first: the rest may time out. */
  readonly #idle: Connection[] = [];
  readonly #waiting: Job[] = [];

  /** @throws Error when the address is no URL or the certificate is none */
  constructor({ url, vmId, certPem }: SurrogateAddress) {
    const { hostname, port, host } = new URL(url);
    this.#host = hostname.replace(/^\[|\]$/g, '');
    this.#port = Number(port || 443);
    this.#hostHeader = host;
    this.#pin = { ca: certPem, servername: vmId, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] };
    this.#fingerprint = new X509Certificate(certPem).fingerprint256;
  }

  /** @throws TypeError when the bearer token cannot be a header's value */
  exchange(path: string, request: ExchangeRequest): Promise<Exchange> {
    const bodyBytes = request.body === undefined ? 0 : Buffer.byteLength(request.body);
    const text = this.#textOf(path, request, bodyBytes);
    return new Promise((resolve) => {
      const { signal, timeoutMs } = request;
      if (signal?.aborted) {
        resolve({ ok: false, sent: false, kind: 'aborted', detail: 'aborted by the caller' });
        return;
      }
      let done = false;
      const finish = (outcome: Exchange) => {
        if (done) return;
        done = true;
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        resolve(outcome);
      };
      const job: Job = {
        text,
        sent: false,
        connection: null,
        answered: (answer) =>
          finish({
            ok: true,
            status: answer.status,
            body: answer.text(),
            retryAfterMs: answer.retryAfterMs,
            bytes: answer.bodyBytes + bodyBytes,
          }),
        failed: (error) => {
          const kind = error instanceof HandshakeTimeout ? 'timeout' : 'network';
          finish({ ok: false, sent: job.sent, kind, detail: error.message || (error.code ?? 'the connection failed') });
        },
      };
      // Sent first: what follows is done while the bytes travel, before any event can come.
      this.#start(job);
      const stop = (kind: 'timeout' | 'aborted', detail: string) => {
        finish({ ok: false, sent: job.sent, kind, detail });
        this.#abandon(job);
      };
      const onAbort = () => stop('aborted', 'aborted by the caller');
      const timer = setTimeout(
        () => stop('timeout', `no answer within ${Math.round(timeoutMs)} ms`),
        Math.max(1, timeoutMs),
      );
      signal?.addEventListener('abort', onAbort);
    });
  }

  /** Ends every connection; requests on their way fail. */
  close(): void {
    this.closed = true;
    const error = new Error('closed');
    for (const socket of this.#connecting) socket.destroy(error);
    for (const connection of this.#open) connection.destroy(error);
    for (const job of this.#waiting.splice(0)) job.failed(error);
  }

  #textOf(path: string, { method, bearer, body }: ExchangeRequest, bodyBytes: number): string {
    const authorization = bearer === undefined ? '' : `authorization: Bearer ${headerValue(bearer)}\r\n`;
    const content = body === undefined ? '' : `content-type: application/json\r\ncontent-length: ${bodyBytes}\r\n`;
    return `${method} ${path} HTTP/1.1\r\nhost: ${this.#hostHeader}\r\n${authorization}${content}\r\n${body ?? ''}`;
  }

  #start(job: Job): void {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.usable()) {
        idle.send(job);
        return;
      }
      idle.destroy();
    }
    this.#waiting.push(job);
    this.#connectForWaiting();
  }

  #abandon(job: Job): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    // What it would still answer is nobody's, and cannot be told from the next answer.
    job.connection?.destroy();
  }

  #connectForWaiting(): void {
    while (
      this.#connecting.size < Math.min(mostHandshakes, this.#waiting.length) &&
      this.#connecting.size + this.#open.size < mostSockets
    )
      this.#connect();
  }

  #connect(): void {
    const session = this.#session === undefined ? {} : { session: this.#session };
    const socket = tls.connect({ host: this.#host, port: this.#port, ...this.#pin, ...session });
    this.#connecting.add(socket);
    const timer = setTimeout(() => socket.destroy(new HandshakeTimeout()), connectTimeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      if (!this.#connecting.delete(socket)) return;
      this.#waiting.shift()?.failed(error);
      this.#connectForWaiting();
    };
    socket.on('error', fail);
    socket.once('close', () => fail(new Error('the connection closed during the handshake')));
    socket.once('secureConnect', () => {
      if (!this.#isPinned(socket)) {
        socket.destroy(new Error('the peer does not hold the pinned certificate'));
        return;
      }
      clearTimeout(timer);
      this.#connecting.delete(socket);
      socket.on('session', (data) => {
        this.#session = data;
      });
      socket.setNoDelay(true);
      socket.setKeepAlive(true, keepAliveProbeMs);
      const connection = new Connection(socket, {
        free: () => this.#free(connection),
        closed: () => this.#gone(connection),
      });
      this.#open.add(connection);
      this.#free(connection);
    });
    if (this.closed) socket.destroy(new Error('closed'));
  }

  #isPinned(socket: tls.TLSSocket): boolean {
    if (!socket.authorized) return false;
    return socket.isSessionReused() || socket.getPeerX509Certificate()?.fingerprint256 === this.#fingerprint;
  }

  #free(connection: Connection): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else connection.send(next);
  }

  #gone(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    if (!this.closed) this.#connectForWaiting();
  }
}

/** One connection; one request at a time. */
class Connection {
  readonly #socket: tls.TLSSocket;
  readonly #owner: { free(): void; closed(): void };
  #job: Job | null = null;
  #answer = new Answer();
  #usableUntilMs = Number.POSITIVE_INFINITY;

  constructor(socket: tls.TLSSocket, owner: { free(): void; closed(): void }) {
    this.#socket = socket;
    this.#owner = owner;
    // Nobody waits for an idle connection: the process may end.
    socket.unref();
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.once('close', () => {
      if (this.#job !== null && this.#answer.endedByClose()) this.#deliver();
      this.#fail(new Error('the connection closed before the answer'));
      owner.closed();
    });
  }

  usable(): boolean {
    return this.#socket.writable && monotonicMs() < this.#usableUntilMs;
  }

  send(job: Job): void {
    this.#job = job;
    job.connection = this;
    job.sent = true;
    this.#socket.ref();
    this.#socket.write(job.text);
  }

  destroy(error?: Error): void {
    this.#socket.destroy(error);
  }

  #receive(chunk: Buffer): void {
    // Said without being asked: whatever follows would be taken for another request's answer.
    if (this.#job === null) {
      this.destroy();
      return;
    }
    const answer = this.#answer;
    const state = answer.add(chunk);
    if (state === 'unreadable') this.destroy(new Error('the answer is no HTTP/1.1'));
    if (state !== 'complete') return;
    const again = answer.keepsConnection;
    if (again && answer.idleMs !== null) this.#usableUntilMs = monotonicMs() + answer.idleMs - idleMarginMs;
    this.#deliver();
    if (again) {
      this.#socket.unref();
      this.#owner.free();
    } else this.destroy();
  }

  #deliver(): void {
    const job = this.#job;
    const answer = this.#answer;
    this.#job = null;
    this.#answer = new Answer();
    if (job === null) return;
    job.connection = null;
    job.answered(answer);
  }

  #fail(error: Error): void {
    const job = this.#job;
    this.#job = null;
    if (job === null) return;
    job.connection = null;
    job.failed(error);
  }
}

function headerValue(value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value)) throw new TypeError('a ticket must be visible ASCII without spaces');
  return value;
}
