import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTicketSigner } from '../../../lib/adapters/local/ticket-keys.ts';
import { type TicketClaims, ticketType } from '../../../lib/ports/contracts/ticket.ts';
import type { TicketSigner } from '../../../lib/ports/tickets.ts';

const nowMs = 1_800_000_000_000;
const claims: TicketClaims = {
  iss: 'r1',
  sub: 'd1',
  aud: ['vm-1'],
  jti: 't-1',
  iat: nowMs / 1000,
  exp: nowMs / 1000 + 60,
  mode: 'session',
  pool: 'r1.small.default',
  app: { id: 'demo', digest: 'a'.repeat(64) },
  vms: [{ id: 'vm-1', nonce: 'n', url: 'https://127.0.0.1:1', certSha256: 'b'.repeat(64) }],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oaas-keys-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function verifies(ticket: string, signer: TicketSigner): Promise<boolean> {
  const keys = createLocalJWKSet({ keys: await signer.publicKeys() });
  return jwtVerify(ticket, keys, { currentDate: new Date(nowMs), typ: ticketType, algorithms: ['EdDSA'] }).then(
    ({ payload }) => payload.jti === claims.jti,
    () => false,
  );
}

describe('ticket keys', () => {
  it('survive a restart in a file that only its owner may read', async () => {
    const file = join(folder, 'a.json');
    const ticket = await (await openTicketSigner(file, () => nowMs)).sign(claims);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await verifies(ticket, await openTicketSigner(file, () => nowMs))).toBe(true);
  });

  it('publish no private part', async () => {
    const file = join(folder, 'b.json');
    const [key] = await (await openTicketSigner(file, () => nowMs)).publicKeys();
    expect(Object.keys(key!).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x']);
  });

  it('rotate with overlap: the old one signs until all know the new one, and verifies for as long as its tickets live', async () => {
    let atMs = nowMs;
    const signer = await openTicketSigner(join(folder, 'c.json'), () => atMs);
    const header = (ticket: string) => ticket.split('.')[0];
    const old = await signer.sign(claims);
    await signer.rotate(nowMs, 3_600_000);
    expect(header(await signer.sign(claims))).toBe(header(old));
    expect((await signer.publicKeys()).length).toBe(2);
    atMs += 10_000;
    const young = await signer.sign(claims);
    expect(header(young)).not.toBe(header(old));
    expect(await verifies(old, signer)).toBe(true);
    expect(await verifies(young, signer)).toBe(true);
    await signer.rotate(nowMs + 7_200_000, 3_600_000);
    expect(await verifies(old, signer)).toBe(false);
    expect(await verifies(young, signer)).toBe(true);
    expect((await signer.publicKeys()).length).toBe(2);
  });

  it('a ticket changed by one character does not verify', async () => {
    const signer = await openTicketSigner(join(folder, 'd.json'), () => nowMs);
    const [head, body, signature] = (await signer.sign(claims)).split('.');
    const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'someone-else' })).toString('base64url');
    expect(await verifies(`${head}.${forged}.${signature}`, signer)).toBe(false);
    expect(await verifies(`${head}.${body}.${signature}`, signer)).toBe(true);
  });

  it('never overwrites a file that it cannot read', async () => {
    const file = join(folder, 'e.json');
    await writeFile(file, 'something precious');
    await expect(openTicketSigner(file, () => nowMs)).rejects.toThrow(/e\.json is not a ticket key file.*move it away/);
    expect(await readFile(file, 'utf8')).toBe('something precious');
  });
});
