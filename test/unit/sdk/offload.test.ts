import { afterEach, describe, expect, it, vi } from 'vitest';
import { paths } from '../../../lib/ports/contracts/wire.ts';
import type { OaasOptions } from '../../../sdk/typescript/src/api.ts';
import { OaaS } from '../../../sdk/typescript/src/index.node.ts';
import {
  deviceKey,
  type FakeAgent,
  type FakeRegion,
  fakeAgent,
  fakeRegion,
  placed,
} from '../../support/fake-region.ts';
import { selfSigned } from '../../support/self-signed.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function agents(...ids: string[]): Promise<FakeAgent[]> {
  const started = await Promise.all(ids.map((id) => fakeAgent(id)));
  for (const agent of started) cleanups.push(() => agent.stop());
  return started;
}

async function region(
  id: string,
  ...args: [readonly FakeAgent[], Parameters<typeof fakeRegion>[2]?]
): Promise<FakeRegion> {
  const started = await fakeRegion(id, ...args);
  cleanups.push(() => started.stop());
  return started;
}

function client(regions: readonly FakeRegion[], options: Partial<OaasOptions> = {}): OaaS {
  const endpoints = regions.map((r) => ({ region: r.id, url: r.url }));
  const oaas = new OaaS({ endpoints, apiKey: deviceKey, probeIntervalMs: 0, ...options });
  cleanups.push(() => oaas.close());
  return oaas;
}

const remote = { prefer: 'remote' } as const;
const double = (x: number) => 2 * x;
const runsOf = (agent: FakeAgent) => [...agent.runs.values()].reduce((a, b) => a + b, 0);

describe('offload', () => {
  it('pays one round trip in the steady state: one placement for many calls', async () => {
    const vms = await agents('vm-1');
    const eu = await region('eu', vms);
    const solve = client([eu]).offload<number, number>('app', 'echo', null);
    for (let i = 0; i < 20; i += 1) expect(await solve(i)).toBe(i);
    expect(eu.counts.get(paths.placements)).toBe(1);
    expect(vms[0]!.seen).toHaveLength(20);
    const last = await solve.detailed(7);
    expect(last.timings.t1Ms).toBe(0);
    expect(last.attempts).toHaveLength(1);
    expect(eu.counts.get(paths.placements)).toBe(1);
  });

  it('places concurrent first calls once', async () => {
    const vms = await agents('vm-1');
    const eu = await region('eu', vms);
    const solve = client([eu]).offload<number, number>('app', 'echo', null, { prefetch: false });
    expect(await Promise.all([1, 2, 3, 4, 5].map((x) => solve(x)))).toEqual([1, 2, 3, 4, 5]);
    expect(eu.counts.get(paths.placements)).toBe(1);
  });

  it.each(['exact', 'snapshot'] as const)(
    'uses a ticket of mode %s once, by the group route after the first',
    async (mode) => {
      const vms = await agents('vm-1');
      const eu = await region('eu', vms, { mode });
      const solve = client([eu]).offload<number, number>('app', 'echo', null, { prefetch: false });
      for (let i = 0; i < 3; i += 1) await solve(i);
      expect(new Set(vms[0]!.tokens).size).toBe(3);
      expect(eu.counts.get(paths.placements)).toBe(1);
      expect(eu.counts.get(paths.groupPlacements('group'))).toBe(2);
      const shared = await Promise.all([1, 2, 3].map((x) => solve(x)));
      expect(shared).toEqual([1, 2, 3]);
      expect(new Set(vms[0]!.tokens).size).toBe(6);
    },
  );

  it('renews a ticket in use in the background and lets an unused one go', async () => {
    const vms = await agents('vm-1');
    const eu = await region('eu', vms, { expiresInMs: 400 });
    const oaas = client([eu]);
    const renewals: boolean[] = [];
    oaas.on('ticket', (event) => renewals.push(event.renewal));
    const solve = oaas.offload<number, number>('app', 'echo', null);
    await solve(1);
    await vi.waitFor(() => expect(renewals).toEqual([false, true]), { timeout: 60_000 });
    // The renewed ticket was not used: no third one comes, and the next call asks anew.
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(renewals).toEqual([false, true]);
    await solve(2);
    expect(renewals).toEqual([false, true, false]);
  });

  it('spreads its own concurrent calls over the candidates', async () => {
    const vms = await agents('vm-1', 'vm-2', 'vm-3');
    for (const vm of vms) vm.behave = () => ({ result: 0, ms: 50 });
    const solve = client([await region('eu', vms)]).offload<number, number>('app', 'echo', null);
    await solve(0);
    await Promise.all(Array.from({ length: 9 }, (_, i) => solve(i)));
    for (const vm of vms) expect(vm.seen.length).toBeGreaterThanOrEqual(3);
  });

  it('carries state and bytes', async () => {
    const vms = await agents('vm-1');
    vms[0]!.behave = (task) => ({ result: task.args, state: task.state! });
    const solve = client([await region('eu', vms)]).offload<Uint8Array, { base64: string }, Uint8Array>(
      'app',
      'echo',
      null,
    );
    const { result, state } = await solve.detailed(new Uint8Array([1, 2, 255]), { state: new Uint8Array([9]) });
    expect(result.base64).toBe('AQL/');
    expect(state).toEqual(new Uint8Array([9]));
  });

  it('calls the local implementation as a surrogate calls the method: array spread, context last, state replaced', async () => {
    const oaas = client([await region('eu', [])]);
    const add = oaas.offload('app', 'add', (a: number, b: number) => a + b, { prefer: 'local' });
    expect(await add([2, 3])).toBe(5);
    const count = (by: number, context: { state: number | undefined }) => {
      context.state = (context.state ?? 0) + by;
      return 'counted';
    };
    const tally = oaas.offload<number, string, number>('app', 'count', count, { prefer: 'local' });
    expect(await tally.detailed(4, { state: 38 })).toMatchObject({
      result: 'counted',
      state: 42,
      reason: 'forced-local',
    });
  });

  it('does not depend on the wall clock', async () => {
    const vms = await agents('vm-1');
    const eu = await region('eu', vms);
    const solve = client([eu]).offload<number, number>('app', 'echo', null);
    await solve(1);
    for (const offsetMs of [-300_000, 300_000, 1e10]) {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + offsetMs });
      expect(await solve(2)).toBe(2);
      vi.useRealTimers();
    }
    expect(eu.counts.get(paths.placements)).toBe(1);
  });
});

describe('offload: refusals and failures', () => {
  it('goes to the next candidate on a refusal, under the same request id', async () => {
    const vms = await agents('vm-1', 'vm-2');
    vms[0]!.behave = () => ({ problem: 'saturated' });
    const solve = client([await region('eu', vms)]).offload<number, number>('app', 'echo', double, remote);
    const { ranOn, attempts, result } = await solve.detailed(21);
    expect({ ranOn, result }).toMatchObject({ ranOn: { where: 'remote', vmId: 'vm-2' }, result: 21 });
    expect(attempts.map((a) => a.outcome)).toEqual(['refused', 'ok']);
    expect(vms[0]!.seen[0]!.requestId).toBe(vms[1]!.seen[0]!.requestId);
  });

  it('runs locally when every candidate refuses', async () => {
    const vms = await agents('vm-1', 'vm-2');
    for (const vm of vms) vm.behave = () => ({ problem: 'saturated' });
    const solve = client([await region('eu', vms)]).offload('app', 'echo', double, remote);
    const { ranOn, result, reason, why } = await solve.detailed(21);
    expect({ ranOn, result, reason }).toEqual({ ranOn: { where: 'local' }, result: 42, reason: 'fallback' });
    expect(why).toContain('saturated');
  });

  it.each([
    'invalid-ticket',
    // For a version of the app that was replaced since.
    'unknown-method',
    'unknown-app',
  ] as const)(
    'asks for a new ticket when its own is no longer valid (%s), which may name the same VM',
    async (problem) => {
      const vms = await agents('vm-1');
      vms[0]!.behave = () => (vms[0]!.tokens.at(-1) === 'Bearer ticket-eu-1' ? { problem } : { result: 1 });
      const eu = await region('eu', vms);
      const solve = client([eu]).offload<number, number>('app', 'echo', double, remote);
      const tries = (await solve.detailed(1)).attempts.map((a) => `${a.target}: ${a.outcome}`);
      expect(tries).toEqual(['vm-1: refused', 'vm-1: ok']);
      expect(eu.placements).toHaveLength(2);
    },
  );

  it('holds nothing against a VM whose answer the caller did not wait for', async () => {
    const vms = await agents('vm-1');
    const eu = await region('eu', vms);
    const solve = client([eu]).offload<number, number>('app', 'echo', null);
    vms[0]!.behave = () => 'hang';
    // Longer than the silence that is held against a VM.
    await expect(solve(1, { signal: AbortSignal.timeout(400) })).rejects.toMatchObject({ code: 'aborted' });
    vms[0]!.behave = () => ({ result: 2 });
    expect(await solve(2)).toBe(2);
    expect(eu.placements).toHaveLength(1);
  });

  it('tells both why the first VMs were left out and that there are no others', async () => {
    const vms = await agents('vm-1');
    vms[0]!.behave = () => ({ problem: 'draining' });
    const eu = await region('eu', vms);
    eu.place = (request) => (request.exclude === undefined ? placed(vms, {}) : { problem: 'no-capacity' });
    const solve = client([eu]).offload<number, number>('app', 'echo', double, remote);
    expect((await solve.detailed(1)).why).toMatch(/draining: .*; then no-capacity: /);
  });

  it('gives up on an app that no new ticket has', async () => {
    const vms = await agents('vm-1');
    vms[0]!.behave = () => ({ problem: 'unknown-app' });
    const solve = client([await region('eu', vms)]).offload<number, number>('app', 'echo', null);
    await expect(solve(1)).rejects.toMatchObject({ code: 'invalid-request', problem: 'unknown-app' });
    expect(vms[0]!.seen).toHaveLength(3);
  });

  it('skips a VM that is gone', async () => {
    const vms = await agents('vm-1', 'vm-2');
    const solve = client([await region('eu', vms)]).offload<number, number>('app', 'echo', double, remote);
    await vms[0]!.stop();
    const first = await solve.detailed(1);
    expect(first.attempts.map((a) => a.outcome)).toEqual(['not-sent', 'ok']);
    // And does not try it again right away.
    expect((await solve.detailed(2)).attempts.map((a) => a.target)).toEqual(['vm-2']);
  });

  it('never runs a method twice that is not declared idempotent', async () => {
    const vms = await agents('vm-1', 'vm-2');
    vms[0]!.behave = () => {
      void vms[0]!.stop();
      return 'break';
    };
    let local = 0;
    const solve = client([await region('eu', vms)]).offload('app', 'pay', (_amount: number) => (local += 1), remote);
    await expect(solve(1)).rejects.toMatchObject({ name: 'OffloadError', code: 'outcome-unknown' });
    expect([runsOf(vms[0]!), runsOf(vms[1]!), local]).toEqual([1, 0, 0]);
  });

  it('gets the outcome of a broken connection from the same VM when it can', async () => {
    const vms = await agents('vm-1');
    let calls = 0;
    vms[0]!.behave = () => {
      calls += 1;
      return calls === 1 ? 'break' : { result: 'once' };
    };
    const solve = client([await region('eu', vms)]).offload('app', 'pay', null, remote);
    expect(await solve(1)).toBe('once');
    expect(new Set(vms[0]!.seen.map((t) => t.requestId)).size).toBe(1);
  });

  it('tries an idempotent method elsewhere', async () => {
    const vms = await agents('vm-1', 'vm-2');
    vms[0]!.behave = () => {
      void vms[0]!.stop();
      return 'break';
    };
    const solve = client([await region('eu', vms)]).offload('app', 'find', double, { ...remote, idempotent: true });
    expect((await solve.detailed(5)).ranOn).toMatchObject({ where: 'remote', vmId: 'vm-2' });
  });

  it('runs an idempotent method locally in time when the surrogate stays silent', async () => {
    const vms = await agents('vm-1');
    vms[0]!.behave = () => 'hang';
    const options = { ...remote, idempotent: true, localEstimateMs: 50, deadlineMs: 3_000 };
    const solve = client([await region('eu', vms)]).offload('app', 'find', double, options);
    const { reason, result, ranOn } = await solve.detailed(4);
    expect({ reason, result, ranOn }).toEqual({ reason: 'deadline-threatened', result: 8, ranOn: { where: 'local' } });
  });

  it('ends at the deadline when nothing else is left', async () => {
    const vms = await agents('vm-1');
    vms[0]!.behave = () => 'hang';
    const solve = client([await region('eu', vms)]).offload('app', 'pay', double, { ...remote, deadlineMs: 3_000 });
    await expect(solve(4)).rejects.toMatchObject({ code: 'deadline-exceeded' });
  });

  it("passes the method's own failure on without trying elsewhere", async () => {
    const vms = await agents('vm-1', 'vm-2');
    vms[0]!.behave = () => ({ problem: 'task-failed' });
    const solve = client([await region('eu', vms)]).offload('app', 'find', double, { ...remote, idempotent: true });
    await expect(solve(4)).rejects.toMatchObject({ code: 'task-failed' });
    expect(vms[1]!.seen).toHaveLength(0);
  });

  it('waits out a region that has no capacity yet when there is no local implementation', async () => {
    const vms = await agents('vm-1');
    const eu = await region('eu', vms);
    const usual = eu.place;
    eu.place = (request, count) => (count <= 2 ? { problem: 'no-capacity', retryAfterMs: 60 } : usual(request, count));
    const solve = client([eu]).offload<number, number>('app', 'echo', null, { prefetch: false });
    expect(await solve(3)).toBe(3);
    expect(eu.placements).toHaveLength(3);
  });

  it('does not repeat a request that can never be served', async () => {
    const eu = await region('eu', []);
    eu.place = () => ({ problem: 'unknown-app' });
    const solve = client([eu]).offload('nope', 'x', null, { prefetch: false });
    await expect(solve(1)).rejects.toMatchObject({ code: 'invalid-request', problem: 'unknown-app' });
    expect(eu.placements).toHaveLength(1);
  });

  it('takes the word of a region that says local', async () => {
    const eu = await region('eu', []);
    const solve = client([eu]).offload('app', 'echo', double, { prefetch: false });
    const { reason, result } = await solve.detailed(4, { prefer: 'remote' });
    expect({ reason, result }).toEqual({ reason: 'region-says-local', result: 8 });
    // And spares it for a while.
    expect((await solve.detailed(4)).reason).toBe('remote-unavailable');
    expect(eu.placements).toHaveLength(1);
  });

  it('lets the region weigh the device against it, unless remote was asked for', async () => {
    const vms = await agents('vm-1');
    const eu = await region('eu', vms, { mode: 'snapshot' });
    const solve = client([eu]).offload('app', 'echo', double, { prefetch: false, localEstimateMs: 70 });
    await solve(1);
    await solve(1, { prefer: 'remote' });
    expect(eu.placements.map((p) => p.localEstimateMs)).toEqual([70, undefined]);
  });

  it('rejects when closed, also in the middle of a call', async () => {
    const vms = await agents('vm-1');
    vms[0]!.behave = () => 'hang';
    const oaas = client([await region('eu', vms)]);
    const solve = oaas.offload('app', 'echo', double, remote);
    const pending = solve(1);
    await vi.waitFor(() => expect(vms[0]!.seen).toHaveLength(1), { timeout: 20_000 });
    oaas.close();
    await expect(pending).rejects.toMatchObject({ code: 'closed' });
    await expect(solve(1)).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('offload: regions', () => {
  it('fails over when the nearest region is down or silent', async () => {
    const vms = await agents('vm-1');
    const near = await region('near', vms);
    const far = await region('far', vms);
    const oaas = client([near, far]);
    await oaas.ready();
    const solve = oaas.offload<number, number>('app', 'echo', null, { prefetch: false, slaId: 'a' });
    near.silent = true;
    const stopped = oaas.regions()[0]!.region === 'near' ? near : far;
    stopped.silent = true;
    near.silent = stopped === near;
    const { ranOn } = await solve.detailed(1);
    expect(ranOn).toMatchObject({ where: 'remote', region: stopped === near ? 'far' : 'near' });
    const again = oaas.offload<number, number>('app', 'echo', null, { prefetch: false, slaId: 'b' });
    await stopped.stop();
    expect(await again(2)).toBe(2);
  });

  it('runs locally when no region answers at all', async () => {
    const eu = await region('eu', []);
    await eu.stop();
    const solve = client([eu]).offload('app', 'echo', double, remote);
    expect(await solve.detailed(3)).toMatchObject({ result: 6, reason: 'fallback' });
  });

  it('learns the regions from one of them', async () => {
    const vms = await agents('vm-1');
    const eu = await region('eu', vms);
    const oaas = client([], { regionsUrl: eu.url });
    expect(await oaas.offload<number, number>('app', 'echo', null)(4)).toBe(4);
    expect(oaas.regions().map((r) => r.region)).toEqual(['eu']);
  });

  it('takes the name of a region from the endpoint where the caller gave only its URL', async () => {
    const vms = await agents('vm-1');
    const eu = await region('eu', vms);
    const oaas = client([], { endpoints: [`${eu.url}/`] });
    const { ranOn } = await oaas.offload<number, number>('app', 'echo', null).detailed(1);
    expect(ranOn).toMatchObject({ region: 'eu' });
  });

  it('speaks the proxy route when asked to', async () => {
    const eu = await region('eu', []);
    const solve = client([eu], { route: 'proxy' }).offload<number, number>('app', 'echo', null);
    const { result, ranOn, timings } = await solve.detailed(5);
    expect({ result, ranOn }).toMatchObject({ result: 5, ranOn: { where: 'remote', vmId: 'vm-behind-the-region' } });
    expect(timings.t2Ms).toBe(0.5);
    expect(eu.placements).toHaveLength(0);
  });
});

describe('offload: pinned TLS', () => {
  it('sends no byte of a ticket to an impostor, on a full handshake or with a session to resume', async () => {
    const [real] = await agents('vm-1');
    const eu = await region('eu', [real!]);
    const solve = client([eu]).offload('app', 'echo', double, { ...remote, idempotent: true });
    expect((await solve.detailed(1)).ranOn.where).toBe('remote');
    const port = Number(new URL(real!.url).port);
    await real!.stop();
    const impostor = await fakeAgent('vm-1', selfSigned('vm-1'), port);
    cleanups.push(() => impostor.stop());
    expect((await solve.detailed(1)).ranOn.where).toBe('local');
    expect(impostor.tokens).toEqual([]);
  });

  it('refuses a certificate of the right key for another VM id', async () => {
    const identity = selfSigned('vm-2');
    const other = await fakeAgent('vm-2', identity);
    cleanups.push(() => other.stop());
    const eu = await region('eu', []);
    eu.place = () => placed([{ ...other, vmId: 'vm-1' }], {});
    const solve = client([eu]).offload('app', 'echo', double, remote);
    expect((await solve.detailed(1)).ranOn.where).toBe('local');
    expect(other.tokens).toEqual([]);
  });

  it('keeps connections alive and resumes sessions with the same VM', async () => {
    const [vm] = await agents('vm-1');
    const solve = client([await region('eu', [vm!])]).offload<number, number>('app', 'echo', null, {
      prefetch: false,
    });
    for (let i = 0; i < 5; i += 1) await solve(i);
    expect(vm!.handshakes).toHaveLength(1);
    vm!.behave = () => ({ result: 0, ms: 30 });
    await Promise.all([solve(1), solve(2), solve(3)]);
    expect(vm!.handshakes.slice(1).every((h) => h.resumed)).toBe(true);
    expect(vm!.handshakes.length).toBeGreaterThan(1);
  });
});
