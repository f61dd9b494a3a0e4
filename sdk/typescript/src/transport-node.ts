/**
 * Node's transport: its own client for the regional endpoints, and one pool of kept-alive connections per surrogate certificate. Sockets
 * and TLS sessions are never shared between two certificates.
 */
import http from 'node:http';
import https from 'node:https';
import { PinnedConnections } from './pinned-connections.ts';
import {
  type Exchange,
  type ExchangeRequest,
  retryAfterMs,
  type SurrogateAddress,
  type Transport,
} from './transport.ts';

/** Pools of VMs that no ticket has named for long are dropped beyond this number. */
const maxPools = 256;

const poolOptions = { keepAlive: true, keepAliveMsecs: 10_000, scheduling: 'lifo', maxFreeSockets: 64 } as const;

export function nodeTransport(): Transport {
  const plain = new http.Agent(poolOptions);
  const secure = new https.Agent(poolOptions);
  const pools = new Map<string, PinnedConnections>();
  /** The same candidate object comes with every call on a ticket: its long key is made once. */
  let poolOfAddress = new WeakMap<SurrogateAddress, PinnedConnections>();

  function poolOf(address: SurrogateAddress): PinnedConnections {
    const known = poolOfAddress.get(address);
    if (known !== undefined && !known.closed) return known;
    const key = `${address.url}\n${address.vmId}\n${address.certPem}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = new PinnedConnections(address);
      if (pools.size >= maxPools) dropOldest(pools);
      pools.set(key, pool);
    }
    poolOfAddress.set(address, pool);
    return pool;
  }

  return {
    direct: true,
    async control(url, request) {
      try {
        const { protocol, hostname, port, pathname, search } = new URL(url);
        const tls = protocol === 'https:';
        const target = {
          host: hostname.replace(/^\[|\]$/g, ''),
          port: port || (tls ? '443' : '80'),
          path: pathname + search,
        };
        return await exchange(tls ? https.request : http.request, { ...target, agent: tls ? secure : plain }, request);
      } catch (error) {
        // What Node refuses to send: an address of the list of regions, say.
        return { ok: false, sent: false, kind: 'network', detail: `cannot ask ${url}: ${(error as Error).message}` };
      }
    },
    surrogate(address, path, request) {
      try {
        return poolOf(address).exchange(path, request);
      } catch (error) {
        const detail = `unusable certificate, address or ticket of ${address.vmId}: ${(error as Error).message}`;
        return Promise.resolve({ ok: false, sent: false, kind: 'network', detail });
      }
    },
    close() {
      plain.destroy();
      secure.destroy();
      for (const pool of pools.values()) pool.close();
      pools.clear();
      poolOfAddress = new WeakMap();
    },
  };
}

function dropOldest(pools: Map<string, PinnedConnections>): void {
  const [key, pool] = pools.entries().next().value!;
  pool.close();
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
      finish({ ok: false, sent: sent && !neverSent.has(error.code ?? ''), kind: 'network', detail: error.message });
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
