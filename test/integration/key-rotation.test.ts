import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSsmClient, createSsmKeyStorage } from '../../lib/adapters/aws/ssm-key-storage.ts';
import { rotateNow, rotateWhenDue, ticketKeyPolicy } from '../../lib/adapters/node/key-ring.ts';
import { createTicketSigner, type RotatingSigner } from '../../lib/adapters/node/ticket-signer.ts';
import type { TicketClaims } from '../../lib/ports/contracts/ticket.ts';
import type { TicketKeyStorage } from '../../lib/ports/tickets.ts';
import { RegionKeys } from '../../surrogate/tickets/region-keys.ts';
import { TicketVerifier } from '../../surrogate/tickets/verifier.ts';
import { type FakeSsm, startFakeSsm } from '../support/fake-ssm.ts';

const startMs = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let ssm: FakeSsm;
let server: Server;
let endpoint: string;
let storage: TicketKeyStorage;
let nowMs = startMs;
/** Two controllers of one region that share nothing but the parameter; the second serves GET /v1/keys. */
let signer: RotatingSigner;
let publisher: RotatingSigner;
const shared = { nowMs: () => nowMs, refreshMs: 300_000, publishAheadMs: hourMs };

beforeAll(async () => {
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
  ssm = await startFakeSsm();
  storage = createSsmKeyStorage(createSsmClient({ region: 'eu-central-1', endpoint: ssm.endpoint }), '/oaas/keys');
  signer = createTicketSigner(storage, shared);
  publisher = createTicketSigner(storage, shared);
  server = createServer(async (_request, response) => {
    response.end(JSON.stringify({ keys: await publisher.publicKeys() }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  ssm.close();
  server.close();
  server.closeAllConnections();
});

let tickets = 0;
const ticket = (): Promise<string> => {
  const iat = Math.floor(nowMs / 1000);
  const claims: TicketClaims = {
    iss: 'eu-central-1',
    sub: 'd1',
    aud: ['vm-1'],
    jti: `t-${++tickets}`,
    iat,
    exp: iat + 3_600,
    mode: 'session',
    pool: 'eu-central-1.general.default',
    app: { id: 'demo', digest: 'a'.repeat(64) },
    vms: [{ id: 'vm-1', nonce: 'n', url: 'https://127.0.0.1:1', certSha256: 'b'.repeat(64) }],
  };
  return signer.sign(claims);
};
const kidOf = (jws: string): string => JSON.parse(Buffer.from(jws.split('.')[0]!, 'base64url').toString()).kid;
/** An agent that has just been started: it knows no key and asks the endpoint. */
const agent = (keys = new RegionKeys(endpoint)) =>
  new TicketVerifier({ vmId: 'vm-1', bootNonce: 'n', keys, nowMs: () => nowMs, claim: async () => 'unreachable' });
/** Both controllers' copies have aged; they read again behind the next use. */
const refreshed = async (count: number) => {
  for (const one of [signer, publisher]) {
    await expect.poll(async () => (await one.publicKeys()).length, { timeout: 60_000 }).toBe(count);
  }
};

describe('rotation of a region’s keys, seen by a device with an old ticket and by the agents', () => {
  it('never refuses a ticket that is alive', async () => {
    expect(await rotateWhenDue(storage, ticketKeyPolicy, nowMs)).toBe('made');
    const first = await ticket();
    const veteranKeys = new RegionKeys(endpoint);
    const veteran = agent(veteranKeys);
    expect((await veteran.check(first)).ok).toBe(true);

    nowMs = startMs + 30 * dayMs;
    expect(await rotateWhenDue(storage, ticketKeyPolicy, nowMs)).toBe('rotated');
    await refreshed(2);
    // Published, not yet used: agents and controllers with older copies still agree.
    const before = await ticket();
    expect(kidOf(before)).toBe(kidOf(first));

    // What an agent does every minute.
    await veteranKeys.refresh();
    nowMs += hourMs;
    const after = await ticket();
    expect(kidOf(after)).not.toBe(kidOf(first));
    for (const one of [veteran, agent()]) {
      expect(await one.check(before)).toMatchObject({ ok: true });
      expect(await one.check(after)).toMatchObject({ ok: true });
    }
  });

  it('refuses every ticket of a revoked key', async () => {
    const stolen = await ticket();
    const ring = await rotateNow(storage, { nowMs, keepMs: ticketKeyPolicy.keepMs, revoke: true });
    expect(ring).toHaveLength(1);
    nowMs += 301_000;
    await refreshed(1);
    expect(await agent().check(stolen)).toMatchObject({ ok: false, kind: 'invalid' });
    // The only key there is signs at once.
    expect((await agent().check(await ticket())).ok).toBe(true);
  });
});

it('the parameter is encrypted, and fits the standard tier with as many keys as a policy can keep', async () => {
  const stored = ssm.parameters.get('/oaas/keys')!;
  expect(stored.Type).toBe('SecureString');
  for (let i = 0; i < 4; i++) {
    nowMs += 30 * dayMs;
    await rotateWhenDue(storage, ticketKeyPolicy, nowMs);
  }
  expect((await storage.read())!.length).toBe(2);
  expect(ssm.parameters.get('/oaas/keys')!.Value.length).toBeLessThan(4_096);
});
