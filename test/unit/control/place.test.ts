import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { ticketClaimsSchema, ticketType } from '../../../lib/ports/contracts/ticket.ts';
import { StoreUnavailableError } from '../../../lib/ports/errors.ts';
import { sampleVm } from '../../support/samples.ts';
import { createTestRegion } from '../../support/test-region.ts';

type Region = Awaited<ReturnType<typeof createTestRegion>>;
const place = (region: Region, extra: Record<string, unknown> = {}) =>
  region.call('POST', '/v1/placements', { json: { appId: 'demo', method: 'run', ...extra } });
const vmOf = (answer: Awaited<ReturnType<typeof place>>) =>
  (answer.body.candidates as { vmId: string }[] | undefined)?.map((candidate) => candidate.vmId) ?? [];

async function claimsOf(region: Region, ticket: unknown) {
  const { payload, protectedHeader } = await jwtVerify(
    String(ticket),
    createLocalJWKSet({ keys: await region.signer.publicKeys() }),
    { currentDate: new Date(region.now()), typ: ticketType, algorithms: ['EdDSA'] },
  );
  expect(protectedHeader.kid).toBeDefined();
  return ticketClaimsSchema.parse(payload);
}

describe('placement', () => {
  it.each(['exact', 'snapshot', 'session'])(
    '%s: a ticket that jose verifies and that names the VMs by their boot',
    async (mode) => {
      const region = await createTestRegion({ group: { dispatch: { mode, candidates: 2 } } });
      await region.addVm();
      await region.addVm({ vmId: 'vm-2' }, { bootNonce: 'boot-2', running: 3 });
      const answer = await place(region);
      expect(answer.status).toBe(200);
      const claims = await claimsOf(region, answer.body.ticket);
      expect(claims).toMatchObject({
        iss: 'r1',
        sub: 'd1',
        mode,
        pool: 'r1.small.default',
        app: { id: 'demo', digest: 'a'.repeat(64) },
      });
      expect(claims.aud).toEqual(vmOf(answer));
      expect(claims.vms.find((vm) => vm.id === 'vm-2')?.nonce).toBe('boot-2');
      expect(claims.exp - claims.iat).toBeGreaterThanOrEqual(Number(answer.body.expiresInMs) / 1000);
      if (mode !== 'session') expect(claims.aud[0]).toBe('vm-1');
      expect(claims.bucket !== undefined).toBe(mode === 'exact');
      // One core: an agent hands on from its second task.
      expect(claims.threshold).toBe(mode === 'session' ? 2 : undefined);
    },
  );

  it('session: a ticket lasts a slot at most, and a quarter of that while machines of the pool start', async () => {
    const lifetimeMs = async (options: { slotMs?: number }, ...states: ('starting' | 'stopped' | 'warming')[]) => {
      const region = await createTestRegion({ group: { dispatch: { mode: 'session' } }, ...options });
      await region.addVm();
      for (const state of states) {
        const row = state === 'warming' ? ({ state: 'starting', cordoned: true } as const) : { state };
        await region.memory.putVm(sampleVm({ vmId: `vm-${state}`, poolId: 'r1.small.default', ...row }));
      }
      return (await place(region)).body.expiresInMs;
    };
    expect(await lifetimeMs({})).toBe(120_000);
    expect(await lifetimeMs({ slotMs: 600_000 })).toBe(120_000);
    expect(await lifetimeMs({ slotMs: 20_000 })).toBe(20_000);
    expect(await lifetimeMs({ slotMs: 600_000 }, 'stopped', 'warming')).toBe(120_000);
    expect(await lifetimeMs({ slotMs: 600_000 }, 'starting')).toBe(30_000);
    expect(await lifetimeMs({ slotMs: 20_000 }, 'starting')).toBe(5_000);
    // One that already reports takes work, whatever its row still says.
    const region = await createTestRegion({ slotMs: 20_000 });
    await region.addVm({ state: 'starting' });
    expect((await place(region)).body.expiresInMs).toBe(20_000);
  });

  it('exact: fills the pool to N + queue limit of every VM and not one further, then frees what nobody claims', async () => {
    const region = await createTestRegion({ group: { dispatch: { mode: 'exact' } } });
    for (const vmId of ['vm-1', 'vm-2']) await region.addVm({ vmId, sharingLimit: 2, queueLimit: 3 });
    const answers = await Promise.all(
      Array.from({ length: 13 }, (_, i) => region.control.place(`device-${i}`, { appId: 'demo' })),
    );
    const placed = answers.flatMap((answer) =>
      answer.ok && answer.response.decision === 'remote' ? [answer.response.candidates[0]?.vmId] : [],
    );
    expect(placed.filter((vm) => vm === 'vm-1').length).toBe(5);
    expect(placed.filter((vm) => vm === 'vm-2').length).toBe(5);
    const refused = await place(region);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]/);
    expect(refused.body.retryAfterMs).toBeGreaterThan(0);
    region.advance(2_000);
    expect((await place(region)).status).toBe(200);
  });

  it('exact: one principal may not hold more than its share without using it; others go on', async () => {
    const region = await createTestRegion({ group: { dispatch: { mode: 'exact' } } });
    await region.addVm({ sharingLimit: 10, queueLimit: 30 });
    const outcomes = [];
    for (let i = 0; i < 30; i++) outcomes.push(await region.control.place('greedy', { appId: 'demo' }));
    const refusals = outcomes.filter((outcome) => !outcome.ok);
    expect(outcomes.length - refusals.length).toBe(20);
    expect(refusals[0]).toMatchObject({ problem: { status: 429, detail: expect.stringMatching(/at most 20/) } });
    expect(await region.control.place('modest', { appId: 'demo' })).toMatchObject({ ok: true });
  });

  it('exact: a principal that uses its places at once may have any number, and one that holds few is not kept out by others', async () => {
    const region = await createTestRegion({ group: { dispatch: { mode: 'exact' } } });
    const vm = { sharingLimit: 10, queueLimit: 30 };
    await region.addVm(vm);
    const claimedByBucket: Record<string, number> = {};
    for (let i = 0; i < 30; i++) {
      const outcome = await region.control.place('busy', { appId: 'demo' });
      if (!outcome.ok || outcome.response.decision !== 'remote') throw new Error(`refused after ${i}`);
      const { bucket } = await claimsOf(region, outcome.response.ticket);
      claimedByBucket[bucket!] = (claimedByBucket[bucket!] ?? 0) + 1;
      region.advance(20);
      await region.addVm(vm, { sequence: i + 2, claimedByBucket: { ...claimedByBucket } });
    }
    region.advance(10_000);
    await region.addVm(vm, { sequence: 100 });
    const take = async (principal: string) => (await region.control.place(principal, { appId: 'demo' })).ok;
    for (let i = 0; i < 12; i++) expect(await take('modest')).toBe(true);
    for (let i = 0; i < 12; i++) expect(await take(`other-${i}`)).toBe(true);
    expect(await take('modest')).toBe(true);
    // What it held long ago is forgotten.
    expect(await take('busy')).toBe(true);
  });

  it('exact: requests at the same moment spread over the pool, and alternates have room', async () => {
    const region = await createTestRegion({ group: { dispatch: { mode: 'exact' } } });
    for (let i = 0; i < 4; i++) await region.addVm({ vmId: `vm-${i}` });
    await region.addVm({ vmId: 'full', sharingLimit: 1, queueLimit: 0 }, { running: 1 });
    await place(region, { exclude: ['vm-0', 'vm-1', 'vm-2', 'vm-3'] });
    const answers = await Promise.all(Array.from({ length: 8 }, () => place(region)));
    const firsts = answers.map((answer) => vmOf(answer)[0]).sort();
    expect(firsts).toEqual([0, 0, 1, 1, 2, 2, 3, 3].map((i) => `vm-${i}`));
    expect(answers.flatMap(vmOf)).not.toContain('full');
    expect(vmOf(await place(region, { exclude: ['vm-0', 'vm-1'] }))).toHaveLength(2);
  });

  it('exact: reserves nothing for a client that was told 503 while the store was slow', async () => {
    let slow = true;
    const written: string[] = [];
    const region = await createTestRegion({
      group: { dispatch: { mode: 'exact' } },
      hook: (operation) => {
        if (operation === 'getHeartbeats' && slow) region.advance(1_000);
        if (operation === 'casOccupancy') written.push(operation);
      },
    });
    await region.addVm();
    expect((await place(region)).body).toMatchObject({ type: expect.stringMatching(/store-unavailable$/) });
    expect(written).toEqual([]);
    slow = false;
    expect((await place(region)).status).toBe(200);
    expect(written).toHaveLength(1);
  });

  it('snapshot: spreads over the pool between two reports without a write', async () => {
    const writes: string[] = [];
    const region = await createTestRegion({
      group: { dispatch: { mode: 'snapshot' } },
      hook: (operation) => {
        if (/^(put|cas|remove)/.test(operation)) writes.push(operation);
      },
    });
    for (let i = 0; i < 4; i++) await region.addVm({ vmId: `vm-${i}` });
    await place(region);
    writes.length = 0;
    const counts = new Map<string | undefined, number>();
    for (let i = 0; i < 39; i++) {
      const [first] = vmOf(await place(region));
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    expect([...counts.values()].every((count) => count >= 9 && count <= 10)).toBe(true);
    expect(writes).toEqual([]);
  });

  it('snapshot: a VM of which nothing is heard is believed to work on, so that the pool does not stay full', async () => {
    const region = await createTestRegion({ group: { dispatch: { mode: 'snapshot' } } });
    await region.addVm({ sharingLimit: 1, queueLimit: 1 });
    expect((await place(region)).status).toBe(200);
    expect((await place(region)).status).toBe(200);
    expect((await place(region)).status).toBe(429);
    region.advance(1_000);
    expect((await place(region)).status).toBe(200);
  });

  it('avoids VMs that failed this client, that drain, that are cordoned, silent or of an unfinished boot', async () => {
    const region = await createTestRegion({ group: { dispatch: { mode: 'exact' } } });
    await region.addVm({ vmId: 'good' });
    await region.addVm({ vmId: 'failed' });
    await region.addVm({ vmId: 'draining', state: 'draining' });
    await region.addVm({ vmId: 'drains-itself' }, { state: 'draining' });
    await region.addVm({ vmId: 'cordoned', cordoned: true });
    await region.addVm({ vmId: 'silent' }, { atMs: region.now() - 8_000 });
    await region.addVm({ vmId: 'booting', state: 'starting' }, { state: 'starting' });
    expect(vmOf(await place(region, { exclude: ['failed'] }))).toEqual(['good']);
    const none = await place(region, { exclude: ['failed', 'good'] });
    expect(none).toMatchObject({ status: 503, body: { type: expect.stringMatching(/no-capacity$/) } });
  });

  it('tells a device that is faster by itself to run locally, and reserves nothing for it', async () => {
    const region = await createTestRegion({ group: { dispatch: { mode: 'exact' } } });
    await region.addVm({ networkMs: 40 });
    const answer = await place(region, { localEstimateMs: 100 });
    expect(answer.body).toMatchObject({ decision: 'local', reason: 'slower-than-local' });
    // 0.1 s of demand and the sandbox on the reference core, and the distance.
    expect(answer.body.predictedMs).toBeGreaterThanOrEqual(140);
    expect((await region.memory.listOccupancy('r1.small.default', 0)).size).toBe(0);
    expect((await place(region, { localEstimateMs: 5_000 })).body).toMatchObject({ decision: 'remote' });
  });

  it('tells the scaler of devices sent away because the promise is broken, and only of those', async () => {
    const region = await createTestRegion({ group: { dispatch: { mode: 'snapshot' } } });
    const vm = await region.addVm();
    const refused = async () => {
      await region.control.flush();
      return region.memory.arrivals.reduce((sum, row) => sum + row.refused, 0);
    };
    // 130 ms on the idle VM, of a promised 500.
    for (let i = 0; i < 8; i++)
      expect((await place(region, { localEstimateMs: 50 })).body).toMatchObject({ decision: 'local' });
    expect(await refused()).toBe(0);
    // Nor is anything believed to be there that was not sent.
    expect(Number((await place(region, { localEstimateMs: 50 })).body.predictedMs)).toBeLessThan(200);
    region.advance(3_000);
    await region.addVm(vm, { sequence: 2, running: 4, waiting: 6 });
    expect((await place(region, { localEstimateMs: 600 })).body).toMatchObject({ reason: 'slower-than-local' });
    region.advance(60_000);
    expect(await refused()).toBe(1);
  });

  it('answers a full or empty pool with advice to a device that has an estimate, with an error to others', async () => {
    const region = await createTestRegion({ group: { dispatch: { mode: 'exact' } } });
    expect((await place(region, { localEstimateMs: 9_000 })).body).toMatchObject({
      decision: 'local',
      reason: 'no-capacity',
      retryAfterMs: 2_000,
    });
    await region.addVm({ sharingLimit: 1, queueLimit: 0 }, { running: 1 });
    region.advance(1_500);
    await region.addVm({ sharingLimit: 1, queueLimit: 0 }, { running: 1, sequence: 2 });
    expect((await place(region, { localEstimateMs: 9_000 })).body).toMatchObject({
      decision: 'local',
      reason: 'saturated',
    });
    expect((await place(region)).body).toMatchObject({ status: 429, type: expect.stringMatching(/saturated$/) });
  });

  it('counts every arrival for the scaler, refused ones too, and flushes once', async () => {
    const region = await createTestRegion({ group: { dispatch: { mode: 'exact' } } });
    await place(region);
    await region.addVm();
    region.advance(1_500);
    await region.addVm({}, { sequence: 2 });
    await place(region);
    await region.control.flush();
    await region.control.flush();
    const counted = region.memory.arrivals.filter((row) => row.poolId === 'r1.small.default');
    expect(counted.reduce((sum, row) => sum + row.count, 0)).toBe(2);
    expect(counted.reduce((sum, row) => sum + row.refused, 0)).toBe(1);
  });

  it('limits a principal to its quota and nobody else', async () => {
    const region = await createTestRegion({ group: { quotaPerPrincipalPerS: 5, dispatch: { mode: 'snapshot' } } });
    await region.addVm();
    const outcomes = [];
    for (let i = 0; i < 8; i++) outcomes.push(await region.control.place('busy', { appId: 'demo' }));
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([true, true, true, true, true, false, false, false]);
    expect(outcomes[5]).toMatchObject({
      problem: { status: 429, retryAfterMs: 200, detail: expect.stringMatching(/5 placements per second/) },
    });
    expect(await region.control.place('other', { appId: 'demo' })).toMatchObject({ ok: true });
    region.advance(200);
    expect(await region.control.place('busy', { appId: 'demo' })).toMatchObject({ ok: true });
  });

  it('a store that does not answer is a 503 that says so, never an empty pool; a young copy is used', async () => {
    let down = false;
    const region = await createTestRegion({
      group: { dispatch: { mode: 'snapshot' } },
      hook: () => {
        if (down) throw new StoreUnavailableError('no answer');
      },
    });
    await region.addVm();
    expect((await place(region)).status).toBe(200);
    down = true;
    region.advance(4_000);
    expect((await place(region)).status).toBe(200);
    region.advance(10_000);
    expect(await place(region)).toMatchObject({
      status: 503,
      body: { type: expect.stringMatching(/store-unavailable$/), retryAfterMs: 500 },
    });
  });

  it('answers in time when the store hangs', async () => {
    const region = await createTestRegion({
      hook: (operation) => (operation === 'listPoolVms' ? new Promise(() => {}) : undefined),
    });
    await region.addVm();
    expect((await place(region)).body).toMatchObject({ type: expect.stringMatching(/store-unavailable$/) });
  });

  it('the group route that an answer names works and skips the classifier', async () => {
    const region = await createTestRegion();
    await region.addVm();
    const first = await place(region);
    const again = await region.call('POST', String(first.body.groupRoute), { json: { appId: 'demo', method: 'run' } });
    expect(again.body).toMatchObject({ decision: 'remote', poolId: first.body.poolId });
  });
});
