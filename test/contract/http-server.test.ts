import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpServer, serveHttp } from '../../lib/adapters/node/http-server.ts';
import { problemBase } from '../../lib/ports/contracts/problem.ts';

let server: HttpServer | null = null;
afterEach(() => server?.close());

const serve = (headersTimeoutMs?: number) =>
  serveHttp(async (request) => new Response(await request.text()), {
    host: '127.0.0.1',
    port: 0,
    ...(headersTimeoutMs === undefined ? {} : { headersTimeoutMs, requestTimeoutMs: headersTimeoutMs }),
  });

/** All that comes back until the server closes; what is sent after `pauseAt` waits for the first answer. */
async function answerTo(port: number, sent: string, pauseAt = sent.length): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    if (received === '' && pauseAt < sent.length) socket.write(sent.slice(pauseAt));
    received += chunk.toString();
  });
  socket.write(sent.slice(0, pauseAt));
  await once(socket, 'close');
  return received;
}

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

  it.each([
    ['no request at all', 'hello\r\n\r\n', 400, 'invalid-request'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'invalid-request',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      400,
      'invalid-request',
    ],
    ['no chunk', 'POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 400, 'invalid-request'],
    ['a host that is none', 'GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n', 400, 'invalid-request'],
    ['no host', 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'invalid-request'],
    ['no host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 400, 'invalid-request'],
    ['another scheme', 'GET ftp://x/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400, 'invalid-request'],
    ['no path', 'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400, 'invalid-request'],
    ['a header too long', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431, 'header-too-large'],
    ['an address too long', `GET /${'y'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431, 'header-too-large'],
    ['half a head', 'GET / HTTP/1.1\r\nhost: x\r\n', 408, 'request-timeout'],
    ['half a body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n12', 408, 'request-timeout'],
  ])('answers %s with a problem, and goes on', async (_, sent, status, type) => {
    server = await serve(300);
    const [head = '', body = ''] = (await answerTo(server.port, sent)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(head).toMatch(/content-type: application\/problem\+json/i);
    expect(body).toContain(`"type":"${problemBase}${type}"`);
    const next = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: 'again' });
    expect(await next.text()).toBe('again');
  });

  it('says so on a kept connection too, after the answer before', async () => {
    server = await serve();
    const good = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nok';
    const answers = await answerTo(server.port, `${good}hello\r\n\r\n`, good.length);
    expect(answers).toMatch(/^HTTP\/1\.1 200 [\s\S]*okHTTP\/1\.1 400 [\s\S]*invalid-request/);
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
