import { randomUUID } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asAdmin, call, type RunningAgent, runTask, TestRegion } from '../../support/agent-region.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

describe('an agent refuses', () => {
  let region: TestRegion;
  let agent: RunningAgent;
  let other: RunningAgent;
  let digest: string;
  let ticket: string;

  beforeAll(async () => {
    region = await TestRegion.start();
    digest = await region.addApp(here('fixtures/unruly'));
    const env = {
      OAAS_ISOLATION: 'process',
      OAAS_PREWARM: digest,
      OAAS_MAX_BODY_BYTES: '50000',
      OAAS_REQUEST_TIMEOUT_MS: '2000',
    };
    [agent, other] = await Promise.all([region.startAgent(env), region.startAgent(env)]);
    ticket = region.ticket([agent], digest);
  });
  afterAll(() => region.close());

  const open = (): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const { url, certPem, vmId } = agent.ready;
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), ca: certPem, servername: vmId });
      socket.once('secureConnect', () => resolve(socket));
      socket.once('error', reject);
    });

  /** Sends headers that announce a body, never the body; answers the first response line. */
  async function withoutBody(authorization: string): Promise<string> {
    const socket = await open();
    socket.write(`POST /v1/tasks HTTP/1.1\r\nhost: x\r\n${authorization}content-length: 1000\r\n\r\n`);
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    socket.destroy();
    return answer.split('\r\n')[0] ?? '';
  }

  it('a ticket that is forged, expired, foreign, replayed or absent, before the body is read', async () => {
    const now = Math.floor(Date.now() / 1000);
    const single = region.ticket([agent], digest, { mode: 'exact', bucket: 1 });
    expect((await runTask(agent, single, 'echo', [])).status).toBe(200);
    const genuine = ticket.split('.');
    const cases: [string, string, string][] = [
      ['none', '', '401'],
      ['not a ticket', 'authorization: Bearer nonsense\r\n', '401'],
      ['basic', 'authorization: Basic eDp5\r\n', '401'],
      ['forged', `authorization: Bearer ${genuine[0]}.${genuine[1]}.${'A'.repeat(86)}\r\n`, '401'],
      ['expired', `authorization: Bearer ${region.ticket([agent], digest, { exp: now - 60 })}\r\n`, '401'],
      ['foreign', `authorization: Bearer ${region.ticket([other], digest)}\r\n`, '401'],
      ['unknown key', `authorization: Bearer ${region.sign(region.claims([agent], digest), { kid: 'x' })}\r\n`, '401'],
      ['replayed', `authorization: Bearer ${single}\r\n`, '409'],
    ];
    for (const [name, header, status] of cases) {
      expect([name, await withoutBody(header)]).toEqual([name, expect.stringContaining(` ${status} `)]);
    }
  });

  it('a single-use ticket that another of its VMs has taken, even when both are asked at once', async () => {
    for (let told = 0; told < 5; ) {
      const single = region.ticket([agent, other], digest, { mode: 'exact', bucket: 1 });
      const answers = await Promise.all([agent, other].map((vm) => runTask(vm, single, 'echo', [])));
      const statuses = answers.map((answer) => answer.status).sort();
      // One second without an answer, and the second VM takes nothing: that says that the machine stalled.
      if (statuses[1] === 401) continue;
      expect(statuses).toEqual([200, 409]);
      told += 1;
    }
    let alternate = '';
    let taken = 401;
    while (taken === 401) {
      alternate = region.ticket([agent, other], digest, { mode: 'snapshot' });
      taken = (await runTask(other, alternate, 'echo', [])).status;
    }
    expect(taken).toBe(200);
    expect((await runTask(agent, alternate, 'echo', [])).status).toBe(409);
  });

  it('a single-use ticket whose first VM cannot be asked', async () => {
    const lost = await region.startAgent({ OAAS_ISOLATION: 'process' });
    await lost.stop();
    const answer = await runTask(agent, region.ticket([lost, agent], digest, { mode: 'exact' }), 'echo', []);
    expect([answer.status, answer.body.detail]).toEqual([401, expect.stringContaining('could not be asked')]);
  });

  it('a request id that it accepted before, of the same principal', async () => {
    const requestId = randomUUID();
    expect((await runTask(agent, ticket, 'echo', [], { requestId })).status).toBe(200);
    const again = await runTask(agent, region.ticket([agent], digest), 'echo', [], { requestId });
    expect([again.status, again.body.detail]).toEqual([409, expect.stringContaining('at most once')]);
    const stranger = region.ticket([agent], digest, { sub: 'device-2' });
    expect((await runTask(agent, stranger, 'echo', [], { requestId })).status).toBe(200);
  });

  it.each([
    ['an oversized body', { body: `"${'x'.repeat(60_000)}"` }, 413, '60002 bytes, at most 50000'],
    ['a body that is not JSON', { body: '{"requestId":' }, 400, 'not valid JSON'],
    ['a body of another shape', { body: '{"requestId":"","method":7}' }, 400, 'shape of a task'],
    [
      'an unknown field',
      { body: JSON.stringify({ requestId: 'a', method: 'echo', args: { type: 'application/json', json: [] }, x: 1 }) },
      400,
      'shape',
    ],
    [
      'a negative deadline',
      {
        body: JSON.stringify({
          requestId: 'a',
          method: 'echo',
          args: { type: 'application/json', json: [] },
          deadlineMs: -1,
        }),
      },
      400,
      'deadlineMs',
    ],
    ['another media type', { body: 'a=1', type: 'application/x-www-form-urlencoded' }, 415, 'application/json'],
    ['an empty body', { body: '' }, 400, 'not valid JSON'],
    [
      'arrays in arrays where none belong',
      { body: `${'['.repeat(20_000)}${']'.repeat(20_000)}` },
      400,
      'shape of a task',
    ],
  ])('%s', async (_name, { body, type }: { body: string; type?: string }, status, detail) => {
    const headers = { authorization: `Bearer ${ticket}`, 'content-type': type ?? 'application/json' };
    const answer = await call(agent, 'POST', '/v1/tasks', { headers, body });
    expect([answer.status, answer.body.detail]).toEqual([status, expect.stringContaining(detail)]);
    expect((await runTask(agent, ticket, 'echo', ['fine'])).status).toBe(200);
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', 400, 'invalid-request'],
    [
      'a header too long',
      `GET /v1/ping HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'header-too-large',
    ],
  ])('%s, with a problem', async (_name, sent, status, type) => {
    const socket = await open();
    let answer = '';
    socket.on('error', () => {});
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.write(sent);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*application/problem\\+json[\\s\\S]*/${type}"`));
  });

  it('no request id for its characters, and answers with it', async () => {
    for (const requestId of ['line\nbreak', 'nul\u0000', '識別子', '__proto__', ' ']) {
      const answer = await runTask(agent, ticket, 'echo', [1], { requestId });
      expect([answer.status, answer.body.requestId]).toEqual([200, requestId]);
    }
  });

  it('an oversized body of undeclared length, without keeping it', async () => {
    const socket = await open();
    socket.write(
      `POST /v1/tasks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ticket}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    for (let i = 0; i < 6; i++) socket.write(chunk);
    const answer = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  it('admin routes without its own token, a ticket included', async () => {
    for (const authorization of ['', `Bearer ${ticket}`, 'Bearer wrong-token-of-these-test']) {
      const answer = await call(agent, 'GET', '/v1/tasks', { headers: { authorization } });
      expect(answer.status).toBe(401);
    }
    expect((await call(agent, 'GET', '/v1/tasks', { headers: asAdmin })).status).toBe(200);
    expect((await call(agent, 'DELETE', '/v1/tasks/nobody', { headers: asAdmin })).status).toBe(404);
    expect((await call(agent, 'GET', '/v1/nothing')).status).toBe(404);
  });

  it('an app that is not registered, and a bundle whose digest is wrong', async () => {
    const unknown = await runTask(agent, region.ticket([agent], 'a'.repeat(64)), 'echo', []);
    expect([unknown.status, unknown.body.detail]).toEqual([404, expect.stringContaining('register the app')]);
    region.bundles.set('b'.repeat(64), region.bundles.get(digest)!);
    const wrong = await runTask(agent, region.ticket([agent], 'b'.repeat(64)), 'echo', []);
    expect([wrong.status, wrong.body.detail]).toEqual([400, expect.stringContaining('SHA-256')]);
    const path = await runTask(agent, region.ticket([agent], '../../etc'), 'echo', []);
    expect(path.status).toBe(400);
  });

  it('a client that sends its headers or body too slowly, closing the connection on time', async () => {
    const slowHeaders = await open();
    slowHeaders.write('POST /v1/tasks HTTP/1.1\r\nhost:');
    const slowBody = await open();
    slowBody.write(
      `POST /v1/tasks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ticket}\r\ncontent-length: 100\r\n\r\n{`,
    );
    await Promise.all(
      [slowHeaders, slowBody].map((socket) => {
        socket.resume();
        socket.on('error', () => {});
        return new Promise((resolve) => socket.once('close', resolve));
      }),
    );
    for (let waiting = 1; waiting > 0; ) waiting = (await call(agent, 'GET', '/v1/ping')).body.waiting;
  });
});
