/**
 * Node's transport. One pool of kept-alive connections per surrogate certificate: sockets and TLS sessions are never
 * shared between two certificates, and no byte of a request is written before the peer has proven to hold the key of the
 * pinned certificate, on a resumed session as on a full handshake.
 */
import { X509Certificate } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import {
  type Exchange,
  type ExchangeRequest,
  retryAfterMs,
  type SurrogateAddress,
  type Transport,
} from './transport.ts';

/** A live VM answers a handshake in milliseconds; one that is gone shall not cost the deadline. */
const connectTimeoutMs = 1_000;
/** More than a VM admits at once; further requests wait for a free connection. */
const mostSockets = 64;
const mostHandshakes = 8;
/** Pools of VMs that no ticket has named for long are dropped beyond this number. */
const maxPools = 256;

const poolOptions = { keepAlive: true, keepAliveMsecs: 10_000, scheduling: 'lifo', maxFreeSockets: 64 } as const;

type Created = (error: Error | null, socket: Duplex) => void;

class HandshakeTimeout extends Error {
  constructor() {
    super(`no TLS handshake within ${connectTimeoutMs} ms`);
  }
}

/**
 * Hands a socket out only once the handshake is done and the peer's certificate is byte for byte the pinned one. A
 * resumed session shows no certificate (TLS 1.3), so sessions are kept here, per certificate, and only those of
 * connections that passed that check: Node's own cache is off.
 *
 * A burst opens its connections a few at a time: a hundred handshakes at once would each be too slow for their timeout.
 */
class PinnedAgent extends https.Agent {
  readonly #fingerprint: string;
  readonly #connecting = new Set<tls.TLSSocket>();
  readonly #waiting: (() => void)[] = [];
  #session: Buffer | undefined;
  closed = false;

  constructor(address: SurrogateAddress) {
    const pin = { ca: address.certPem, servername: address.vmId, minVersion: 'TLSv1.3' } as const;
    super({ ...poolOptions, ...pin, maxSockets: mostSockets, maxCachedSessions: 0 });
    this.#fingerprint = new X509Certificate(address.certPem).fingerprint256;
  }

  override createConnection(options: http.ClientRequestArgs, created: Created): null {
    const start = () => this.#connect(options, created);
    if (this.#connecting.size < mostHandshakes) start();
    else this.#waiting.push(start);
    return null;
  }

  override destroy(): void {
    this.closed = true;
    for (const socket of this.#connecting) socket.destroy(new Error('closed'));
    super.destroy();
  }

  #connect(options: http.ClientRequestArgs, created: Created): void {
    const resumed: http.ClientRequestArgs & { session?: Buffer | undefined } = { ...options, session: this.#session };
    const socket = super.createConnection(resumed, () => {}) as tls.TLSSocket;
    this.#connecting.add(socket);
    const timer = setTimeout(() => socket.destroy(new HandshakeTimeout()), connectTimeoutMs);
    const settle = (error: Error | null) => {
      clearTimeout(timer);
      socket.removeListener('error', settle);
      this.#connecting.delete(socket);
      created(error, socket);
      this.#waiting.shift()?.();
    };
    socket.once('error', settle);
    socket.once('secureConnect', () => {
      if (!this.#isPinned(socket)) {
        socket.destroy(new Error('the peer does not hold the pinned certificate'));
        return;
      }
      socket.on('session', (session) => {
        this.#session = session;
      });
      socket.setNoDelay(true);
      settle(null);
    });
    if (this.closed) socket.destroy(new Error('closed'));
  }

  #isPinned(socket: tls.TLSSocket): boolean {
    if (!socket.authorized) return false;
    return socket.isSessionReused() || socket.getPeerX509Certificate()?.fingerprint256 === this.#fingerprint;
  }
}

interface Pool {
  agent: PinnedAgent;
  host: string;
  port: string;
}

export function nodeTransport(): Transport {
  const plain = new http.Agent(poolOptions);
  const secure = new https.Agent(poolOptions);
  const pools = new Map<string, Pool>();
  /** The same candidate object comes with every call on a ticket: its long key is made once. */
  let poolOfAddress = new WeakMap<SurrogateAddress, Pool>();

  function poolOf(address: SurrogateAddress): Pool {
    const known = poolOfAddress.get(address);
    if (known !== undefined && !known.agent.closed) return known;
    const key = `${address.url}\n${address.vmId}\n${address.certPem}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      const { hostname, port } = new URL(address.url);
      pool = { agent: new PinnedAgent(address), host: hostname.replace(/^\[|\]$/g, ''), port: port || '443' };
      if (pools.size >= maxPools) dropOldest(pools);
      pools.set(key, pool);
    }
    poolOfAddress.set(address, pool);
    return pool;
  }

  return {
    direct: true,
    control(url, request) {
      const { protocol, hostname, port, pathname, search } = new URL(url);
      const tls = protocol === 'https:';
      const target = {
        host: hostname.replace(/^\[|\]$/g, ''),
        port: port || (tls ? '443' : '80'),
        path: pathname + search,
      };
      return exchange(tls ? https.request : http.request, { ...target, agent: tls ? secure : plain }, request);
    },
    surrogate(address, path, request) {
      let pool: Pool;
      try {
        pool = poolOf(address);
      } catch (error) {
        const detail = `unusable certificate or address of ${address.vmId}: ${(error as Error).message}`;
        return Promise.resolve({ ok: false, sent: false, kind: 'network', detail });
      }
      return exchange(https.request, { host: pool.host, port: pool.port, path, agent: pool.agent }, request);
    },
    close() {
      plain.destroy();
      secure.destroy();
      for (const pool of pools.values()) pool.agent.destroy();
      pools.clear();
      poolOfAddress = new WeakMap();
    },
  };
}

function dropOldest(pools: Map<string, Pool>): void {
  const [key, pool] = pools.entries().next().value!;
  pool.agent.destroy();
  pools.delete(key);
}

const neverSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']);

function exchange(
  open: (options: http.RequestOptions) => http.ClientRequest,
  target: http.RequestOptions,
  request: ExchangeRequest,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const headers: http.OutgoingHttpHeaders = {};
    if (request.bearer !== undefined) headers.authorization = `Bearer ${request.bearer}`;
    if (request.body !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(request.body);
    }
    if (request.signal?.aborted) {
      resolve({ ok: false, sent: false, kind: 'aborted', detail: 'aborted by the caller' });
      return;
    }
    const req = open({ ...target, method: request.method, headers });
    // Sent first: what follows is done while the bytes travel, before any event can come.
    req.end(request.body);
    let done = false;
    let sent = false;
    const finish = (outcome: Exchange) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      resolve(outcome);
    };
    const stop = (kind: 'timeout' | 'aborted', detail: string) => {
      finish({ ok: false, sent, kind, detail });
      req.destroy();
    };
    const onAbort = () => stop('aborted', 'aborted by the caller');
    const timer = setTimeout(
      () => stop('timeout', `no answer within ${Math.round(request.timeoutMs)} ms`),
      Math.max(1, request.timeoutMs),
    );
    const onError = (error: NodeJS.ErrnoException) => {
      const kind = error instanceof HandshakeTimeout ? 'timeout' : 'network';
      finish({ ok: false, sent: sent && !neverSent.has(error.code ?? ''), kind, detail: error.message });
    };
    const mark = () => {
      sent = true;
    };
    req.on('socket', (socket) => {
      if (socket.connecting) socket.once('connect', mark);
      else mark();
    });
    req.on('error', onError);
    req.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', onError);
      response.on('end', () => {
        const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
        finish({
          ok: true,
          status: response.statusCode ?? 0,
          body: bytes.toString('utf8'),
          retryAfterMs: retryAfterMs(response.headers['retry-after']),
          bytes: bytes.length + (request.body?.length ?? 0),
        });
      });
    });
    request.signal?.addEventListener('abort', onAbort);
  });
}
