import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adminTicketType, type TicketClaims, ticketType } from '../../../lib/ports/contracts/ticket.ts';
import type { PublicKeyJwk } from '../../../lib/ports/tickets.ts';
import { SeenIds } from '../../../surrogate/tickets/seen.ts';
import { requestIdEndMs } from '../../../surrogate/tickets/single-use.ts';
import { TicketVerifier } from '../../../surrogate/tickets/verifier.ts';

const nowMs = Date.UTC(2026, 5, 1);
const nowS = nowMs / 1000;
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const x = publicKey.export({ format: 'jwk' }).x ?? '';
const jwk: PublicKeyJwk = { kty: 'OKP', crv: 'Ed25519', x, kid: 'k1', alg: 'EdDSA', use: 'sig' };
const base: TicketClaims = {
  iss: 'eu',
  sub: 'device',
  aud: ['vm-1', 'vm-2'],
  jti: 'j1',
  iat: nowS,
  exp: nowS + 60,
  mode: 'session',
  pool: 'p',
  app: { id: 'a', digest: 'd' },
  vms: [
    { id: 'vm-1', nonce: 'n1', url: 'https://127.0.0.1:1', certSha256: '00' },
    { id: 'vm-2', nonce: 'n2', url: 'https://127.0.0.1:2', certSha256: '00' },
  ],
};
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = { alg: 'EdDSA', typ: ticketType, kid: 'k1' };

function token(claims: unknown = base, head: object = header, key = privateKey): string {
  const input = `${encode(head)}.${encode(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}

function verifier(options: { atMs?: number } = {}) {
  const clock = { nowMs: options.atMs ?? nowMs };
  const keys = { get: (kid: string) => (kid === 'k1' ? jwk : null) };
  const subject = new TicketVerifier({
    vmId: 'vm-1',
    bootNonce: 'n1',
    keys,
    nowMs: () => clock.nowMs,
    claim: async () => 'unreachable',
  });
  return { subject, clock };
}

const reasonOf = async (ticket: string, atMs?: number): Promise<string> => {
  const verdict = await verifier({ atMs }).subject.check(ticket);
  return verdict.ok ? 'accepted' : verdict.reason;
};

describe('a ticket', () => {
  it('of the region for this VM and boot is accepted, and a session ticket again without a promise', async () => {
    const { subject } = verifier();
    expect(await subject.check(token())).toMatchObject({ ok: true, claims: { jti: 'j1' } });
    expect(subject.check(token())).toMatchObject({ ok: true, claims: { jti: 'j1' } });
  });

  const hmac = (() => {
    const input = `${encode({ ...header, alg: 'HS256' })}.${encode(base)}`;
    return `${input}.${createHmac('sha256', x).update(input).digest('base64url')}`;
  })();
  it.each([
    ['signed by a stranger', token(base, header, stranger.privateKey), 'signature does not match'],
    ['without signature', `${encode({ ...header, alg: 'none' })}.${encode(base)}.`, 'not a compact JWS'],
    ['with alg none', token(base, { ...header, alg: 'none' }), 'only the algorithm EdDSA'],
    ['with HMAC under the public key', hmac, 'only the algorithm EdDSA'],
    ['of another type', token(base, { ...header, typ: 'JWT' }), 'its type must be'],
    ['with an unknown key', token(base, { ...header, kid: 'k2' }), 'its key (kid) is not'],
    ['without key id', token(base, { alg: 'EdDSA', typ: ticketType }), 'names no key'],
    ['with critical extensions', token(base, { ...header, crit: ['b64'], b64: false }), 'critical'],
    ['for another VM', token({ ...base, aud: ['vm-2'] }), 'for other VMs'],
    ['of another boot', token({ ...base, vms: [{ ...base.vms[0], nonce: 'old' }] }), 'another boot'],
    ['that expired', token({ ...base, exp: nowS - 6 }), 'expired'],
    ['from the future', token({ ...base, iat: nowS + 6 }), 'in the future'],
    ['with claims of another shape', token({ ...base, mode: 'any' }), 'shape of a ticket'],
    ['that is not JSON', 'YQ.YQ.YQ', 'not a JSON object'],
    ['that is huge', 'a'.repeat(20_000), 'longer than'],
    ['with padding', `${token()}=`, 'not a compact JWS'],
  ])('%s is refused', async (_name, ticket, reason) => {
    expect(await reasonOf(ticket)).toContain(reason);
  });

  it('signed by a key that was replaced under the same id is refused', async () => {
    let current = jwk;
    const subject = new TicketVerifier({
      vmId: 'vm-1',
      bootNonce: 'n1',
      keys: { get: () => current },
      nowMs: () => nowMs,
      claim: async () => 'unreachable',
    });
    expect(await subject.check(token())).toMatchObject({ ok: true });
    current = { ...jwk, x: stranger.publicKey.export({ format: 'jwk' }).x ?? '' };
    expect(await subject.check(token({ ...base, jti: 'j2' }))).toMatchObject({ ok: false });
  });

  it('is accepted within the leeway of server clocks', async () => {
    expect(await reasonOf(token({ ...base, exp: nowS - 4 }))).toBe('accepted');
    expect(await reasonOf(token({ ...base, iat: nowS + 4 }))).toBe('accepted');
  });

  it('of session mode is refused once it has expired, though it was accepted before', async () => {
    const { subject, clock } = verifier();
    await subject.check(token());
    clock.nowMs = (base.exp + 6) * 1000;
    expect(await subject.check(token())).toMatchObject({ ok: false, reason: expect.stringContaining('expired') });
  });

  it.each(['exact', 'snapshot'] as const)('of %s mode opens once', async (mode) => {
    const { subject } = verifier();
    const single = token({ ...base, mode });
    expect(await subject.check(single)).toMatchObject({ ok: true });
    expect(await subject.check(single)).toMatchObject({ ok: false, kind: 'replayed' });
    // The same ticket in other bytes: the id counts.
    expect(await subject.check(token({ ...base, mode, sub: 'other' }))).toMatchObject({ ok: false, kind: 'replayed' });
  });

  it.each(['exact', 'snapshot', 'session'] as const)(
    'of %s mode: what it was used for is remembered as long as it opens this VM',
    async (mode) => {
      const lifetimeS = fc.integer({ min: 1, max: 3_600 });
      await fc.assert(
        fc.asyncProperty(lifetimeS, fc.array(fc.nat(4_000_000), { maxLength: 6 }), async (lives, latersMs) => {
          const { subject, clock } = verifier();
          const claims = { ...base, mode, exp: nowS + lives };
          const ticket = token(claims);
          const requestIds = new SeenIds();
          let ran = 0;
          // The last moments are where it matters.
          const endMs = (lives + 5) * 1000;
          for (const afterMs of [0, ...latersMs.filter((ms) => ms < endMs), endMs - 1_000, endMs].sort(
            (a, b) => a - b,
          )) {
            clock.nowMs = nowMs + afterMs;
            const opened = (await subject.check(ticket)).ok;
            expect(opened).toBe(mode === 'session' || ran === 0);
            if (mode !== 'session' || requestIds.add('r', requestIdEndMs(claims, clock.nowMs), clock.nowMs))
              ran += Number(opened);
          }
          expect(ran).toBe(1);
        }),
        { numRuns: 50 },
      );
    },
  );

  it('changed in any character is refused', async () => {
    const genuine = token();
    await fc.assert(
      fc.asyncProperty(fc.nat(genuine.length - 1), fc.integer({ min: 33, max: 126 }), async (at, code) => {
        const changed = genuine.slice(0, at) + String.fromCharCode(code) + genuine.slice(at + 1);
        // Unused low bits of the last character do not change the signature's bytes.
        fc.pre(changed !== genuine && at !== genuine.length - 1);
        expect(await reasonOf(changed)).not.toBe('accepted');
      }),
      { numRuns: 500 },
    );
  });
});

describe('an admin ticket', () => {
  const admin = { iss: 'eu', aud: 'vm-1', jti: 'a1', iat: nowS, exp: nowS + 30 };
  const adminHeader = { ...header, typ: adminTicketType };
  const may = (ticket: string) => verifier().subject.isAdmin(ticket);

  it('of the region for this VM opens the admin routes', async () => {
    expect(await may(token(admin, adminHeader))).toBe(true);
  });

  it.each([
    ['for another VM', token({ ...admin, aud: 'vm-2' }, adminHeader)],
    ['that expired', token({ ...admin, exp: nowS - 6 }, adminHeader)],
    ['from the future', token({ ...admin, iat: nowS + 6 }, adminHeader)],
    ['signed by a stranger', token(admin, adminHeader, stranger.privateKey)],
    ["that is a device's ticket", token()],
    ["with a device ticket's claims", token(base, adminHeader)],
    ["with a device ticket's type", token(admin)],
    ['that is no ticket', 'secret'],
  ])('%s does not', async (_name, ticket) => {
    expect(await may(ticket)).toBe(false);
  });

  it('does not run tasks', async () => {
    expect(await reasonOf(token(admin, adminHeader))).toContain('its type must be');
  });
});

describe('ids seen', () => {
  it('are refused until they expire, then forgotten', () => {
    const seen = new SeenIds();
    expect(seen.add('a', 100, 0)).toBe(true);
    expect(seen.add('a', 100, 99)).toBe(false);
    expect(seen.add('a', 200, 100)).toBe(true);
  });

  it('do not pile up', () => {
    const seen = new SeenIds();
    for (let i = 0; i < 10_000; i++) seen.add(`id-${i}`, i + 100, i);
    expect(seen.size).toBeLessThan(1_000);
  });
});
