import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A front before an endpoint that counts requests per path and can fall silent like a black hole. */
export interface CountingProxy {
  url: string;
  counts: Map<string, number>;
  silent: boolean;
  close(): Promise<void>;
}

export async function countingProxy(target: string): Promise<CountingProxy> {
  const proxy: CountingProxy = { url: '', counts: new Map(), silent: false, close };
  const server = http.createServer(async (request, response) => {
    const path = request.url ?? '/';
    proxy.counts.set(path, (proxy.counts.get(path) ?? 0) + 1);
    const body = await buffer(request);
    if (proxy.silent) return;
    const { authorization = '' } = request.headers;
    const answer = await fetch(target + path, {
      method: request.method ?? 'GET',
      headers: { authorization, 'content-type': 'application/json' },
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  async function close(): Promise<void> {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
  return proxy;
}
