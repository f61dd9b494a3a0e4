import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../../surrogate/isolation/choose.ts';
import { asAdmin, call, type RunningAgent, runTask, TestRegion } from '../../support/agent-region.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** Plain processes everywhere; bubblewrap where it is installed. */
const isolations = findProgram('bwrap') === null ? ['process'] : ['bubblewrap', 'process'];

function commandLines(containing: string): number[] {
  const found: number[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(containing)) found.push(Number(pid));
    } catch {
      // Ended meanwhile.
    }
  }
  return found;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

const problemName = (body: { type: string }): string => body.type.split('/').at(-1) ?? '';

describe.each(isolations)('tasks in isolation %s', (isolation) => {
  let region: TestRegion;
  let agent: RunningAgent;
  let ticket: string;
  let digest: string;

  beforeAll(async () => {
    region = await TestRegion.start();
    digest = await region.addApp(here('fixtures/unruly'));
    agent = await region.startAgent({
      OAAS_ISOLATION: isolation,
      OAAS_PREWARM: digest,
      OAAS_MAX_OUTPUT_BYTES: '100000',
    });
    ticket = region.ticket([agent], digest);
  });
  afterAll(() => region.close());

  it('answers result, state and timings', async () => {
    const answer = await runTask(agent, ticket, 'echo', [1, 'two', { three: [3] }], { requestId: 'r-1' });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'oaas-request-id': 'r-1' },
      body: { requestId: 'r-1', vmId: agent.ready.vmId, hops: [], result: { json: [1, 'two', { three: [3] }] } },
    });
    const { totalMs, queueMs, cloudMs, prepCpuMs } = answer.body.timings;
    expect(queueMs + cloudMs).toBeCloseTo(totalMs, 0);
    expect(prepCpuMs).toBeGreaterThan(0);
  });

  it('carries bytes both ways, as arguments, result and state', async () => {
    const body = JSON.stringify({
      requestId: randomUUID(),
      method: 'bytes',
      args: { type: 'application/octet-stream', base64: Buffer.from([1, 2, 254]).toString('base64') },
    });
    const answer = await call(agent, 'POST', '/v1/tasks', { headers: { authorization: `Bearer ${ticket}` }, body });
    expect(answer.body).toMatchObject({
      result: { type: 'application/octet-stream', base64: Buffer.from([2, 3, 255]).toString('base64') },
      state: { base64: Buffer.from([1, 2, 254]).toString('base64') },
    });
  });

  it.each([
    ['throws', 'fail', ['kaput'], 422, 'task-failed', 'the app threw: TypeError: kaput'],
    ['exits', 'quit', [3], 500, 'task-killed', 'exit code'],
    ['answers too much', 'large', [200_000], 500, 'task-killed', 'larger than 100000 bytes'],
    ['floods its output', 'flood', [], 500, 'task-killed', 'more than 100000 bytes'],
    ['takes all memory', 'hog', [], 500, 'task-killed', 'ended without a result'],
    ['is not exported', 'missing', [], 422, 'task-failed', 'exports no function "missing"'],
    ['is not in the manifest', 'constructor', [], 404, 'unknown-method', 'has no method "constructor"'],
    ['forges an answer that is no JSON', 'forge', ['{'], 500, 'task-killed', 'not understood'],
  ])('a method that %s ends with a problem', async (_name, method, args, status, type, detail) => {
    const answer = await runTask(agent, ticket, method, args, { deadlineMs: 120_000 });
    expect([answer.status, problemName(answer.body)]).toEqual([status, type]);
    expect(answer.body.detail).toContain(detail);
  });

  it('an id that was refused before anything ran may come again, one that ran may not', async () => {
    const requestId = randomUUID();
    const outdated = await runTask(agent, ticket, 'of-the-next-version', [], { requestId });
    expect(problemName(outdated.body)).toBe('unknown-method');
    expect((await runTask(agent, ticket, 'echo', [1], { requestId })).status).toBe(200);
    expect(problemName((await runTask(agent, ticket, 'echo', [1], { requestId })).body)).toBe('replayed-ticket');
  });

  it.each([
    ['loop', ['deadline-exceeded']],
    ['offspring', ['deadline-exceeded']],
    // Whichever comes first: the process limit fells its first process, or the deadline does.
    ['bomb', ['deadline-exceeded', 'task-killed']],
  ])('a method that never ends (%s) is killed at its deadline with its whole tree', async (method, endings) => {
    const mark = `mark-${randomUUID()}`;
    const answer = await runTask(agent, ticket, method, [mark], { deadlineMs: 1_000 });
    expect(endings).toContain(problemName(answer.body));
    await until(() => commandLines(mark).length === 0);
    expect((await runTask(agent, ticket, 'echo', ['still here'])).status).toBe(200);
  });

  it('a grandchild in a session of its own was alive before the deadline', async () => {
    const mark = `mark-${randomUUID()}`;
    const answering = runTask(agent, ticket, 'offspring', [mark], { deadlineMs: 300_000 });
    await until(() => commandLines(mark).length > 0);
    const tasks = await call(agent, 'GET', '/v1/tasks', { headers: asAdmin });
    const mine = tasks.body.find((task: { method: string }) => task.method === 'offspring');
    expect(mine).toMatchObject({ state: 'running', appId: 'unruly' });
    expect(mine.pid).toBeGreaterThan(1);
    await call(agent, 'DELETE', `/v1/tasks/${mine.taskId}`, { headers: asAdmin });
    const answer = await answering;
    expect([answer.status, answer.body.detail]).toEqual([500, expect.stringContaining('an administrator killed it')]);
    await until(() => commandLines(mark).length === 0);
  });

  it('the task of a client that goes away is ended', async () => {
    const mark = `mark-${randomUUID()}`;
    const away = new AbortController();
    const answering = runTask(agent, ticket, 'offspring', [mark], { signal: away.signal }).catch((e: Error) => e.name);
    await until(() => commandLines(mark).length > 0);
    away.abort();
    expect(await answering).toBe('AbortError');
    await until(() => commandLines(mark).length === 0);
    await until(async () => (await call(agent, 'GET', '/v1/tasks', { headers: asAdmin })).body.length === 0);
  });

  it('sees as little as its isolation promises', async () => {
    const secretFile = join(region.directory, 'secret');
    writeFileSync(secretFile, 'the signing key');
    const listener = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const address = listener.address();
    const dialled = await runTask(agent, ticket, 'dial', [typeof address === 'object' ? address?.port : 0]);
    listener.close();
    const { result } = (await runTask(agent, ticket, 'look', [secretFile])).body;
    expect(result.json).toMatchObject({ temporary: 'written' });
    if (isolation === 'process') return;
    expect(dialled.body.result.json).toMatch(/^refused/);
    expect(result.json).toMatchObject({
      secret: 'refused: ENOENT',
      write: expect.stringMatching(/^refused/),
      ownFolder: expect.stringMatching(/^refused/),
    });
    expect(result.json.environment.filter((name: string) => /^(PATH|OAAS_.*)$/.test(name))).toEqual([]);
    expect(result.json.uid).not.toBe(0);
  });
});
