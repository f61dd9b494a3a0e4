import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAgentClient } from '../../lib/adapters/node/agent-client.ts';
import { problem } from '../../lib/app/problem.ts';
import type { AgentAddress } from '../../lib/ports/agent-client.ts';
import { createIdentity } from '../../surrogate/certificate.ts';

const identity = createIdentity('vm-1', Date.now());
const task = { requestId: 'q', method: 'run', args: { type: 'application/json' as const, json: 1 } };
const timings = { queueMs: 0, cloudMs: 1, totalMs: 2, cpuMs: 1, prepCpuMs: 0, handoffMs: 0 };
const result = {
  requestId: 'q',
  taskId: 't',
  vmId: 'vm-1',
  hops: [],
  result: { type: 'application/json', json: 2 },
  timings,
};

/** What the agent answers: status and body, or nothing at all, or the end of the connection. */
let answer: { status: number; body: string } | 'silence' | 'hang-up';
let seen: { method: string | undefined; url: string | undefined; authorization: string | undefined }[];
let server: Server;
let address: AgentAddress;
const client = createAgentClient({ agentToken: 'agent-token', adminTimeoutMs: 20_000 });

beforeEach(async () => {
  seen = [];
  server = createServer({ key: identity.keyPem, cert: identity.certPem }, (request, response) => {
    request.resume();
    seen.push({ method: request.method, url: request.url, authorization: request.headers.authorization });
    if (answer === 'hang-up') request.socket.destroy();
    else if (answer !== 'silence') response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  address = { vmId: 'vm-1', url: `https://127.0.0.1:${port}`, certPem: identity.certPem };
});
afterEach(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const run = (to: AgentAddress, timeoutMs = 20_000) => client.run(to, 'ticket', task, { timeoutMs });

describe('AgentClient over pinned TLS', () => {
  it('brings the ticket and returns the result', async () => {
    answer = { status: 200, body: JSON.stringify(result) };
    expect(await run(address)).toMatchObject({ ok: true, response: { result: { json: 2 } } });
    expect(seen).toEqual([{ method: 'POST', url: '/v1/tasks', authorization: 'Bearer ticket' }]);
  });

  it.each([
    ['another key behind the same name', createIdentity('vm-1', Date.now()).certPem, 'vm-1'],
    ['the right key under another name', identity.certPem, 'vm-2'],
  ])('sends no byte of a ticket to %s, after a good session either', async (_, certPem, vmId) => {
    answer = { status: 200, body: JSON.stringify(result) };
    await run(address);
    seen.length = 0;
    const outcome = await run({ ...address, certPem, vmId });
    expect(outcome).toMatchObject({ ok: false, mayHaveRun: false, problem: { status: 502 } });
    expect(seen).toEqual([]);
  });

  it('knows that nothing ran where nobody listens', async () => {
    expect(await run({ ...address, url: 'https://127.0.0.1:9' })).toMatchObject({ ok: false, mayHaveRun: false });
  });

  it('knows that a task may have run when the connection ends in the middle', async () => {
    answer = 'hang-up';
    expect(await run(address)).toMatchObject({
      ok: false,
      mayHaveRun: true,
      problem: { type: expect.stringMatching(/surrogate-lost$/) },
    });
  });

  it('ends with the deadline when no answer comes', async () => {
    answer = { status: 200, body: JSON.stringify(result) };
    await run(address);
    answer = 'silence';
    // Long enough that the request is on its way before, whatever the machine does.
    expect(await run(address, 3_000)).toMatchObject({
      ok: false,
      mayHaveRun: true,
      problem: { type: expect.stringMatching(/deadline-exceeded$/) },
    });
  });

  it.each([
    ['saturated', false],
    ['draining', false],
    ['invalid-ticket', false],
    ['task-failed', true],
    ['task-killed', true],
  ] as const)('hands on %s and whether it may have run', async (type, mayHaveRun) => {
    const said = problem(type, 'because');
    answer = { status: said.status, body: JSON.stringify(said) };
    expect(await run(address)).toEqual({ ok: false, mayHaveRun, problem: said });
  });

  it.each(['<html>', '{"requestId": 7}', ''])('takes %j for a lost surrogate, whatever its status', async (body) => {
    answer = { status: 200, body };
    expect(await run(address)).toMatchObject({ ok: false, mayHaveRun: true, problem: { status: 502 } });
  });

  it('lists, kills and drains with the agents’ own token', async () => {
    const listed = {
      taskId: 't',
      requestId: 'q',
      vmId: 'vm-1',
      appId: 'a',
      method: 'm',
      state: 'running',
      pid: 1,
      ageMs: 2,
    };
    answer = { status: 200, body: JSON.stringify({ tasks: [listed] }) };
    expect(await client.listTasks(address)).toEqual([listed]);
    expect(await client.killTask(address, 't/../x')).toBe('killed');
    await client.drain(address);
    answer = { status: 404, body: '{}' };
    expect(await client.killTask(address, 't')).toBe('absent');
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /v1/tasks',
      'DELETE /v1/tasks/t%2F..%2Fx',
      'POST /v1/drain',
      'DELETE /v1/tasks/t',
    ]);
    expect(new Set(seen.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer agent-token']));
  });
});
