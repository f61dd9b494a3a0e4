import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { adminTicketType, ticketType } from '../../../lib/ports/contracts/ticket.ts';
import {
  asAdmin,
  call,
  type Gate,
  type RunningAgent,
  runTask,
  type TaskOptions,
  TestRegion,
} from '../../support/agent-region.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const alive = (pid: number) => existsSync(`/proc/${pid}`);

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("an agent's life", () => {
  let region: TestRegion;
  let digest: string;

  beforeAll(async () => {
    region = await TestRegion.start();
    digest = await region.addApp(here('fixtures/unruly'));
  });
  afterEach(() => {
    region.bundlesReady = Promise.resolve();
  });
  afterAll(() => region.close());

  const start = (env = {}) => region.startAgent({ OAAS_ISOLATION: 'process', ...env });
  /** Lasts until its gate opens: no order of events below depends on how fast the machine is. */
  const gated = (agent: RunningAgent, ticket: string, { file }: Gate, options: TaskOptions = {}) =>
    runTask(agent, ticket, 'gate', [file], { deadlineMs: 300_000, ...options });
  const tasksOf = async (agent: RunningAgent) => (await call(agent, 'GET', '/v1/tasks', { headers: asAdmin })).body;
  /** Of the app that runs its first task. */
  const pidOf = async (agent: RunningAgent): Promise<number> => {
    let pid = 0;
    await until(async () => {
      pid = (await tasksOf(agent))[0]?.pid ?? 0;
      return pid > 0;
    });
    return pid;
  };

  it('a task that waits for its app to be installed ends with its deadline or its client; the app is there for the next', async () => {
    const agent = await start();
    const ticket = region.ticket([agent], digest);
    let open = () => {};
    region.bundlesReady = new Promise((resolve) => {
      open = resolve;
    });
    // Not before the gate is open, which nobody opens yet.
    const late = await runTask(agent, ticket, 'echo', [1], { deadlineMs: 1_000 });
    expect([late.status, late.body.detail]).toEqual([504, expect.stringMatching(/^the deadline of 1000 ms passed/)]);
    const away = new AbortController();
    const abandoned = runTask(agent, ticket, 'echo', [2], { signal: away.signal }).catch((error: Error) => error.name);
    const occupied = async () => {
      const { running, waiting } = (await call(agent, 'GET', '/v1/ping')).body;
      return running + waiting;
    };
    await until(async () => (await occupied()) === 1);
    away.abort();
    expect(await abandoned).toBe('AbortError');
    await until(async () => (await occupied()) === 0);
    const patient = runTask(agent, ticket, 'echo', [3]);
    await until(async () => (await occupied()) === 1);
    open();
    expect((await patient).body.result.json).toEqual([3]);
    await agent.stop();
  });

  it('never runs more than N nor admits more than N + queue limit, whatever is thrown at it', async () => {
    const agent = await start({ OAAS_SHARING_LIMIT: '2', OAAS_QUEUE_LIMIT: '3' });
    const ticket = region.ticket([agent], digest);
    let most = { running: 0, admitted: 0 };
    let watching = true;
    const watch = (async () => {
      while (watching) {
        const { running, waiting } = (await call(agent, 'GET', '/v1/ping')).body;
        most = { running: Math.max(most.running, running), admitted: Math.max(most.admitted, running + waiting) };
      }
    })();
    const gate = region.gate();
    let refusals = 0;
    const asked = Array.from({ length: 20 }, async () => {
      const answer = await gated(agent, ticket, gate);
      if (answer.status === 429) refusals += 1;
      return answer;
    });
    await until(() => refusals >= 15);
    await until(() => most.running >= 2 && most.admitted >= 5);
    gate.open();
    const answers = await Promise.all(asked);
    watching = false;
    await watch;
    const statuses = answers.map((answer) => answer.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(15);
    const refused = answers.find((answer) => answer.status === 429);
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(most).toEqual({ running: 2, admitted: 5 });
    await agent.stop();
  });

  it('hands on above the threshold, keeps it when nobody else can, refuses when all are full', async () => {
    const env = { OAAS_SHARING_LIMIT: '1', OAAS_QUEUE_LIMIT: '1' };
    const [a, b] = await Promise.all([start(env), start(env)]);
    const ticket = region.ticket([a, b], digest, { threshold: 1 });
    const gate = region.gate();
    const first = gated(a, ticket, gate);
    await until(async () => (await tasksOf(a)).length === 1);
    const second = gated(a, ticket, gate);
    await until(async () => (await tasksOf(b)).length === 1);
    let refused = false;
    const others = [3, 4, 5].map(async () => {
      const answer = await runTask(a, ticket, 'sleep', [10]);
      refused ||= answer.status === 429;
      return answer;
    });
    await until(() => refused);
    gate.open();
    const answers = await Promise.all([first, second, ...others]);
    expect(answers[0]!.body).toMatchObject({ vmId: a.ready.vmId, hops: [], timings: { handoffMs: 0 } });
    expect(answers[1]!.body).toMatchObject({ vmId: b.ready.vmId, hops: [a.ready.vmId] });
    expect(answers[1]!.body.timings.handoffMs).toBeGreaterThan(0);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 200, 200, 200, 429]);

    // A neighbour whose certificate is not the one in the ticket is sent nothing; one that died is passed over.
    const claims = region.claims([a, b], digest, { threshold: 1 });
    const forged = region.sign({
      ...claims,
      vms: claims.vms.map((vm) => (vm.id === a.ready.vmId ? vm : { ...vm, certSha256: '00' })),
    });
    const keptBy = async (echoTicket: string) => {
      const holding = region.gate();
      const held = gated(a, ticket, holding);
      await until(async () => (await tasksOf(a)).length === 1);
      const echoed = runTask(a, echoTicket, 'echo', []);
      await until(async () => (await tasksOf(a)).length === 2);
      holding.open();
      await held;
      return (await echoed).body;
    };
    expect(await keptBy(forged)).toMatchObject({ vmId: a.ready.vmId, hops: [] });
    await b.stop();
    expect(await keptBy(ticket)).toMatchObject({ vmId: a.ready.vmId, hops: [] });
    await a.stop();
  });

  it('drains: takes no new work, finishes what it has', async () => {
    const agent = await start();
    const ticket = region.ticket([agent], digest);
    const gate = region.gate();
    const running = gated(agent, ticket, gate);
    await until(async () => (await tasksOf(agent)).length === 1);
    expect((await call(agent, 'POST', '/v1/drain', { headers: asAdmin })).status).toBe(202);
    const refused = await runTask(agent, ticket, 'echo', []);
    expect([refused.status, refused.body.type]).toEqual([503, expect.stringContaining('draining')]);
    expect((await call(agent, 'GET', '/v1/ping')).body.state).toBe('draining');
    gate.open();
    expect((await running).status).toBe(200);
    await until(async () => (await call(agent, 'GET', '/v1/ping')).body.state === 'drained');
    await agent.stop();
  });

  it('ended once drained: refuses what is on its way on an open connection, and new connections', async () => {
    const agent = await start();
    const ticket = region.ticket([agent], digest);
    await call(agent, 'POST', '/v1/drain', { headers: asAdmin });
    await until(async () => (await call(agent, 'GET', '/v1/ping')).body.state === 'drained');
    // Leaves its connection open for the next.
    await tasksOf(agent);
    agent.process.kill('SIGTERM');
    const late = await runTask(agent, ticket, 'echo', []);
    expect([late.status, late.headers.connection]).toEqual([503, 'close']);
    expect(late.body.type).toMatch(/draining$/);
    await expect(runTask(agent, ticket, 'echo', [])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await agent.stop();
  });

  it("obeys the region's admin tickets for it, and no device's or other machine's", async () => {
    const agent = await start();
    const iat = Math.floor(Date.now() / 1000);
    const bearer = (aud: string, typ = adminTicketType) => {
      const claims = { iss: 'test', aud, jti: randomUUID(), iat, exp: iat + 30 };
      return { authorization: `Bearer ${region.sign(claims, { typ })}` };
    };
    const { vmId } = agent.ready;
    const device = { authorization: `Bearer ${region.ticket([agent], digest)}` };
    for (const headers of [device, bearer('vm-other'), bearer(vmId, ticketType)])
      expect((await call(agent, 'POST', '/v1/drain', { headers })).status).toBe(401);
    expect((await call(agent, 'POST', '/v1/drain', { headers: bearer(vmId) })).status).toBe(202);
    await agent.stop();
  });

  it('is not drained while a request it handed on is still with another', async () => {
    const env = { OAAS_SHARING_LIMIT: '1', OAAS_QUEUE_LIMIT: '1' };
    const [a, b] = await Promise.all([start(env), start(env)]);
    const ticket = region.ticket([a, b], digest, { threshold: 1 });
    const [ours, theirs] = [region.gate(), region.gate()];
    const own = gated(a, ticket, ours);
    await until(async () => (await tasksOf(a)).length === 1);
    const handedOn = gated(a, ticket, theirs);
    await until(async () => (await tasksOf(b)).length === 1);
    await call(a, 'POST', '/v1/drain', { headers: asAdmin });
    ours.open();
    await own;
    await until(async () => (await tasksOf(a)).length === 0);
    expect((await call(a, 'GET', '/v1/ping')).body.state).toBe('draining');
    theirs.open();
    expect((await handedOn).body).toMatchObject({ vmId: b.ready.vmId });
    await until(async () => (await call(a, 'GET', '/v1/ping')).body.state === 'drained');
    await Promise.all([a.stop(), b.stop()]);
  });

  it('ends the app itself at the deadline, not the child that it started while it was loaded', async () => {
    const agent = await start();
    const early = await region.addApp(here('fixtures/early'));
    const running = runTask(agent, region.ticket([agent], early), 'spin', [], { deadlineMs: 5_000 });
    const pid = await pidOf(agent);
    expect((await running).status).toBe(504);
    await until(() => !alive(pid));
    // Its end waits for every sandbox: one that could not be killed would hold it up for ever.
    await agent.stop();
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)('ended by %s leaves no process behind', async (signal) => {
    const agent = await start();
    const ticket = region.ticket([agent], digest);
    const outcome = runTask(agent, ticket, 'loop', []).catch((error: NodeJS.ErrnoException) => error.code);
    const pid = await pidOf(agent);
    agent.process.kill(signal);
    expect(['ECONNRESET', 'EPIPE']).toContain(await outcome);
    await until(() => !alive(pid));
  });

  it('stopped and continued: the client that gave up finds no late result and the id spent', async () => {
    const agent = await start();
    const ticket = region.ticket([agent], digest);
    await runTask(agent, ticket, 'echo', []);
    const requestId = randomUUID();
    const away = new AbortController();
    const gate = region.gate();
    const answering = gated(agent, ticket, gate, { requestId, signal: away.signal }).catch((e: Error) => e.name);
    await pidOf(agent);
    agent.process.kill('SIGSTOP');
    // The app goes on meanwhile: its answer waits for the agent, and nobody waits for the answer.
    gate.open();
    await until(gate.passed);
    away.abort();
    expect(await answering).toBe('AbortError');
    agent.process.kill('SIGCONT');
    await until(async () => (await tasksOf(agent)).length === 0);
    expect((await runTask(agent, ticket, 'echo', [], { requestId })).status).toBe(409);
    await agent.stop();
  });

  it('says why it does not start', async () => {
    await expect(start({ OAAS_CORES: 'many' })).rejects.toThrow('OAAS_CORES');
    await expect(start({ OAAS_OPEN: '1', OAAS_LISTEN: '0.0.0.0:0' })).rejects.toThrow('loopback only');
  });

  it('adds the distance of its data centre to every exchange', async () => {
    const agent = await start({ OAAS_NETWORK_DELAY_MS: '40', OAAS_PREWARM: digest });
    const ticket = region.ticket([agent], digest);
    await runTask(agent, ticket, 'echo', []);
    const before = performance.now();
    const { totalMs } = (await runTask(agent, ticket, 'echo', [])).body.timings;
    // Delays have a lower bound whatever the machine does.
    expect(performance.now() - before - totalMs).toBeGreaterThanOrEqual(38);
    await agent.stop();
  });
});
