import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpServer, serveHttp } from '../../lib/adapters/node/http-server.ts';

let server: HttpServer | null = null;
afterEach(() => server?.close());

const serve = (headersTimeoutMs?: number) =>
  serveHttp(async (request) => new Response(await request.text()), {
    host: '127.0.0.1',
    port: 0,
    ...(headersTimeoutMs === undefined ? {} : { headersTimeoutMs, requestTimeoutMs: headersTimeoutMs }),
  });

describe('HTTP server', () => {
  it.each([
    ['its head', 'POST / HTTP/1.1\r\nhost: x\r\n'],
    ['its body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12'],
  ])('closes the connection of a client that never ends %s', async (_, sent) => {
    server = await serve(300);
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write(sent);
    await once(socket, 'close');
    expect(socket.destroyed).toBe(true);
  });

  it('says that a port is taken', async () => {
    server = await serve();
    await expect(serveHttp(() => new Response(), { host: '127.0.0.1', port: server.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('ends open connections when it closes', async () => {
    const closing = await serve();
    const socket = connect(closing.port, '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    socket.resume();
    await closing.close();
    await closed;
    await expect(fetch(`http://127.0.0.1:${closing.port}/`)).rejects.toThrow();
  });
});
