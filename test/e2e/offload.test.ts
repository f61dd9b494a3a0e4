/** The SDK against the real system: endpoints, scaler, agents and sandboxes as `oaas start` runs them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { pidFileName } from '../../lib/adapters/local/agent-sweep.ts';
import type { OaasOptions } from '../../sdk/typescript/src/api.ts';
import { OaaS } from '../../sdk/typescript/src/index.node.ts';
import { countingProxy } from '../support/counting-proxy.ts';
import { type StartedSystem, startLocal, temporaryFolder, until } from '../support/local-process.ts';

const folder = temporaryFolder();
const cleanups: (() => unknown)[] = [];
let system: StartedSystem;

beforeAll(async () => {
  system = await startLocal(['--data', folder.path, '--memory']);
});
afterAll(async () => {
  system.child.kill('SIGINT');
  await system.exited;
  folder.remove();
});
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const regionAt = (index: number) => {
  const { id, endpoint } = system.file.regions[index]!;
  return { region: id, url: endpoint };
};

function client(endpoints: OaasOptions['endpoints'] = [regionAt(0)], options: Partial<OaasOptions> = {}): OaaS {
  const oaas = new OaaS({ endpoints: endpoints!, apiKey: system.file.keys.device, probeIntervalMs: 0, ...options });
  cleanups.push(() => oaas.close());
  return oaas;
}

const queens = (n: number) => [1, 1, 0, 0, 2, 10, 4, 40, 92, 352][n]!;
const agentPid = (vmId: string) => Number(readFileSync(join(folder.path, 'vms', vmId, pidFileName), 'utf8'));

describe('SDK against the real system', () => {
  it('pays one round trip in the steady state, whatever the device believes the time to be', async () => {
    const front = await countingProxy(regionAt(0).url);
    cleanups.push(front.close);
    const oaas = client([{ ...regionAt(0), url: front.url }]);
    let renewals = 0;
    oaas.on('ticket', ({ renewal }) => {
      if (renewal) renewals += 1;
    });
    const solve = oaas.offload<number, number>('nqueens', 'count', null);
    expect(await solve(6)).toBe(queens(6));
    const asked = [...front.counts.values()].reduce((a, b) => a + b, 0);
    for (const offsetMs of [0, -300_000, 300_000]) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + offsetMs });
      const { result, timings, attempts } = await solve.detailed(8);
      vi.useRealTimers();
      expect({ result, t1Ms: timings.t1Ms, tries: attempts.map((a) => a.outcome) }).toEqual({
        result: 92,
        t1Ms: 0,
        tries: ['ok'],
      });
      const { cloudMs, queueMs, handoffMs, t2Ms, totalMs } = timings;
      expect(cloudMs).toBeGreaterThan(0);
      expect(cloudMs + queueMs + handoffMs + t2Ms).toBeLessThanOrEqual(totalMs * 1.001);
    }
    // Renewals come in the background; no call waited for one.
    await vi.waitFor(() => expect([...front.counts.values()].reduce((a, b) => a + b, 0) - renewals).toBe(asked));
  });

  it('carries state to and fro, and the error of a method as it is', async () => {
    const play = client().offload<number, { games: number }, unknown>('montyhall', 'continueGame', null);
    const first = await play.detailed(100);
    const second = await play.detailed(100, { state: first.state });
    expect(second.state).not.toEqual(first.state);
    const solve = client().offload('nqueens', 'count', (n: number) => n, { prefer: 'remote' });
    await expect(solve(99)).rejects.toMatchObject({
      code: 'task-failed',
      message: expect.stringContaining('received 99'),
    });
  });

  it('gives the same answer by the proxy route', async () => {
    const { result, ranOn } = await client([regionAt(0)], { route: 'proxy' })
      .offload<number, number>('nqueens', 'count', null)
      .detailed(9);
    expect({ result, where: ranOn.where }).toEqual({ result: 352, where: 'remote' });
  });

  it.each(['silent', 'closed'] as const)('goes on in another region when its own is %s', async (fault) => {
    const front = await countingProxy(regionAt(0).url);
    cleanups.push(() => front.close().catch(() => {}));
    const oaas = client([{ region: 'near', url: front.url }, regionAt(1)]);
    await oaas.ready();
    if (fault === 'silent') front.silent = true;
    else await front.close();
    const solve = oaas.offload('nqueens', 'count', queens, { prefer: 'remote', prefetch: false });
    const { ranOn, result } = await solve.detailed(7);
    expect({ ranOn, result }).toMatchObject({ ranOn: { where: 'remote', region: regionAt(1).region }, result: 40 });
  });

  it('tells what became of a call whose agent is killed in the middle, and runs nothing twice', async () => {
    let local = 0;
    const oaas = client();
    const here = (ms: number) => {
      local += 1;
      return { here: ms };
    };
    const once = oaas.offload('spin', 'burn', here, { prefer: 'remote' });
    expect((await once.detailed(1)).ranOn.where).toBe('remote');
    const again = oaas.offload('spin', 'burn', here, { prefer: 'remote', idempotent: true });
    const outcomes = Promise.allSettled([once(20_000), again.detailed(20_001)]);
    await until(async () => (await runningTasks()).length === 2);
    // Usually one; where a slow machine made the scaler rent more, each may have one of them.
    for (const { vmId } of (await system.status()).vms) process.kill(agentPid(vmId), 'SIGKILL');
    const [lost, retried] = await outcomes;
    expect(lost).toMatchObject({ status: 'rejected', reason: { code: 'outcome-unknown' } });
    expect(retried).toMatchObject({ status: 'fulfilled', value: { ranOn: { where: 'local' }, reason: 'fallback' } });
    expect(local).toBe(1);
  });

  it('gets new limits of a group into force: machines rented under older ones are replaced', async () => {
    const limits = async () => (await readyVms()).map((vm) => [vm.sharingLimit, vm.queueLimit]);
    await until(async () => (await limits()).length > 0);
    expect(await limits()).not.toContainEqual([1, 0]);
    // At the cap, where the old machine has to go first.
    await putGroup({ ...(await storedGroup()), sharingLimit: 1, queueLimit: 0, maxVms: 1 });
    await until(async () => {
      const now = await limits();
      return now.length > 0 && now.every(([n, waiting]) => n === 1 && waiting === 0);
    });
  });

  it('takes a refusal for an answer: the device runs it itself', async () => {
    const oaas = client();
    const solve = oaas.offload('spin', 'burn', (ms: number) => ({ here: ms }), { prefer: 'remote', prefetch: false });
    // The machine of the test before: one place and no queue.
    await until(async () => (await solve.detailed(1)).ranOn.where === 'remote');
    const stop = new AbortController();
    const calls: Promise<unknown>[] = [];
    // Every machine has one place now; where more than one serves, all are filled.
    const refused = await until(async () => {
      const taken = (await runningTasks()).length;
      const answers: Awaited<ReturnType<typeof solve.detailed>>[] = [];
      const call = solve.detailed(20_000, { signal: stop.signal, deadlineMs: 600_000 });
      calls.push(call.then((detailed) => answers.push(detailed)).catch(() => {}));
      await until(async () => answers.length > 0 || (await runningTasks()).length > taken);
      return taken > 0 && answers[0];
    });
    expect(refused).toMatchObject({ ranOn: { where: 'local' }, result: { here: 20_000 } });
    expect(refused.attempts.map((a) => a.outcome)).toEqual(expect.arrayContaining(['refused', 'ok']));
    stop.abort();
    await Promise.all(calls);
  });
});

const admin = () => ({ authorization: `Bearer ${system.file.keys.admin}`, 'content-type': 'application/json' });

async function runningTasks(): Promise<{ vmId: string; state: string }[]> {
  const response = await fetch(`${system.endpoint}/v1/tasks`, { headers: admin() });
  return ((await response.json()) as { tasks: { vmId: string; state: string }[] }).tasks;
}

async function readyVms(): Promise<{ sharingLimit: number; queueLimit: number }[]> {
  const response = await fetch(`${system.endpoint}/v1/status`, { headers: admin() });
  type Vm = { state: string; poolId: string; sharingLimit: number; queueLimit: number };
  const { vms } = (await response.json()) as { vms: Vm[] };
  return vms.filter((vm) => vm.state === 'ready' && vm.poolId.includes('node-small'));
}

async function storedGroup(): Promise<Record<string, unknown>> {
  const response = await fetch(`${system.endpoint}/v1/groups/node-small`, { headers: admin() });
  return (await response.json()) as Record<string, unknown>;
}

async function putGroup(group: unknown): Promise<void> {
  const response = await fetch(`${system.endpoint}/v1/groups/node-small`, {
    method: 'PUT',
    headers: admin(),
    body: JSON.stringify(group),
  });
  expect(response.status, await response.text()).toBeLessThan(300);
}
