import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSsmClient, createSsmKeyStorage } from '../../lib/adapters/aws/ssm-key-storage.ts';
import { createFileKeyStorage } from '../../lib/adapters/local/ticket-keys.ts';
import { newTicketKey, rotateWhenDue } from '../../lib/adapters/node/key-ring.ts';
import { createTicketSigner } from '../../lib/adapters/node/ticket-signer.ts';
import { adminTicketType } from '../../lib/ports/contracts/ticket.ts';
import type { TicketKeyStorage } from '../../lib/ports/tickets.ts';
import { type FakeSsm, startFakeSsm } from '../support/fake-ssm.ts';

const dayMs = 86_400_000;
const startMs = 1_800_000_000_000;
const policy = { rotateAfterMs: 30 * dayMs, keepMs: 33 * dayMs };

let ssm: FakeSsm;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oaas-keys-'));
  ssm = await startFakeSsm();
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
});
afterAll(async () => {
  ssm.close();
  await rm(folder, { recursive: true });
});

let next = 0;
const storages: [string, () => TicketKeyStorage][] = [
  ['file', () => createFileKeyStorage(join(folder, `${next++}.json`))],
  [
    'SSM parameter',
    () => {
      const { endpoint } = ssm;
      return createSsmKeyStorage(createSsmClient({ region: 'eu-central-1', endpoint }), `/oaas/keys-${next++}`);
    },
  ],
];

describe.each(storages)('ticket keys in a %s', (_name, create) => {
  it('are none at first, then what was written', async () => {
    const storage = create();
    expect(await storage.read()).toBeNull();
    const keys = [newTicketKey(startMs), newTicketKey(startMs + 1)];
    await storage.write(keys);
    expect(await storage.read()).toEqual(keys);
  });

  it('are made once, rotated when due and forgotten when no ticket of theirs can live', async () => {
    const storage = create();
    expect(await rotateWhenDue(storage, policy, startMs)).toBe('made');
    expect(await rotateWhenDue(storage, policy, startMs + 29 * dayMs)).toBe('not-due');
    expect(await rotateWhenDue(storage, policy, startMs + 30 * dayMs)).toBe('rotated');
    expect((await storage.read())?.map((key) => key.createdAtMs)).toEqual([startMs, startMs + 30 * dayMs]);
    await rotateWhenDue(storage, policy, startMs + 60 * dayMs);
    expect((await storage.read())?.map((key) => (key.createdAtMs - startMs) / dayMs)).toEqual([30, 60]);
  });

  it('that another process rotates are published before they sign', async () => {
    const storage = create();
    const clock = { nowMs: startMs };
    const signer = createTicketSigner(storage, {
      nowMs: () => clock.nowMs,
      refreshMs: 60_000,
      publishAheadMs: 900_000,
    });
    await expect(signer.publicKeys()).rejects.toThrow(/no ticket key has been made/);
    await rotateWhenDue(storage, policy, startMs);
    const kidOf = async () => {
      const token = await signer.signAdmin('eu', 'vm-1', clock.nowMs);
      return JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()).kid as string;
    };
    const first = await kidOf();
    clock.nowMs = startMs + 30 * dayMs;
    await rotateWhenDue(storage, policy, clock.nowMs);
    // The first use after a minute reads again in the background.
    await signer.publicKeys();
    await expect.poll(async () => (await signer.publicKeys()).length, { timeout: 60_000 }).toBe(2);
    expect(await kidOf()).toBe(first);
    clock.nowMs += 900_000;
    expect(await kidOf()).not.toBe(first);
  });

  it('sign admin tickets that only the named VM accepts', async () => {
    const storage = create();
    await rotateWhenDue(storage, policy, startMs);
    const signer = createTicketSigner(storage);
    const token = await signer.signAdmin('eu', 'vm-1', startMs);
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: await signer.publicKeys() }), {
      currentDate: new Date(startMs),
      typ: adminTicketType,
      audience: 'vm-1',
    });
    expect(payload.exp! - payload.iat!).toBe(30);
  });
});

it('a parameter that holds something else is never taken for keys', async () => {
  const { endpoint, parameters } = ssm;
  parameters.set('/oaas/other', { Value: 'something precious', Type: 'String' });
  const storage = createSsmKeyStorage(createSsmClient({ region: 'eu-central-1', endpoint }), '/oaas/other');
  await expect(storage.read()).rejects.toThrow(/not a ticket key ring/);
});
