import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TicketClaims, ticketType } from '../../../lib/ports/contracts/ticket.ts';
import type { ClaimOutcome } from '../../../surrogate/tickets/claim-ticket.ts';
import { TicketVerifier } from '../../../surrogate/tickets/verifier.ts';

const nowMs = Date.UTC(2026, 5, 1);
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const x = publicKey.export({ format: 'jwk' }).x ?? '';
const ids = ['vm-1', 'vm-2', 'vm-3'];

function ticketOf(change: Partial<TicketClaims> = {}): string {
  const claims: TicketClaims = {
    iss: 'eu',
    sub: 'device',
    aud: ids,
    jti: 'j1',
    iat: nowMs / 1000,
    exp: nowMs / 1000 + 60,
    mode: 'exact',
    pool: 'p',
    app: { id: 'a', digest: 'd' },
    vms: ids.map((id) => ({ id, nonce: `boot of ${id}`, url: `https://${id}`, certSha256: '00' })),
    ...change,
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encode({ alg: 'EdDSA', typ: ticketType, kid: 'k' })}.${encode(claims)}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

/** Three VMs that ask each other directly; a VM that is away answers nobody. */
function fleet() {
  const away = new Set<string>();
  /** Turns of waiting before the first candidate's word is in. */
  let delayTurns = 0;
  const verifiers = new Map<string, TicketVerifier>();
  const claim = async (first: { id: string }, ticket: string): Promise<ClaimOutcome> => {
    for (let i = 0; i < delayTurns; i++) await null;
    const verifier = away.has(first.id) ? undefined : verifiers.get(first.id);
    if (verifier === undefined) return 'unreachable';
    const verdict = await verifier.handOver(ticket);
    if (verdict.ok) return 'ours';
    return verdict.kind === 'replayed' ? 'spent' : 'unreachable';
  };
  for (const vmId of ids) {
    const keys = { get: () => ({ kty: 'OKP', crv: 'Ed25519', x, kid: 'k', alg: 'EdDSA', use: 'sig' }) as const };
    verifiers.set(vmId, new TicketVerifier({ vmId, bootNonce: `boot of ${vmId}`, keys, nowMs: () => nowMs, claim }));
  }
  const at = (vmId: string): TicketVerifier => {
    const verifier = verifiers.get(vmId);
    if (verifier === undefined) throw new Error(`no VM ${vmId}`);
    return verifier;
  };
  return { at, away, delay: (turns: number) => (delayTurns = turns) };
}

describe('a single-use ticket that names alternates', () => {
  it('opens an alternate once its first candidate refused the request, and only one', async () => {
    const { at } = fleet();
    const ticket = ticketOf();
    const first = await at('vm-1').check(ticket);
    if (!first.ok) throw new Error(first.reason);
    expect(await at('vm-2').check(ticket)).toMatchObject({ ok: false, kind: 'replayed' });
    const other = ticketOf({ jti: 'j2' });
    const refused = await at('vm-1').check(other);
    if (!refused.ok) throw new Error(refused.reason);
    at('vm-1').refused(refused.claims);
    expect(await at('vm-2').check(other)).toMatchObject({ ok: true });
    expect(await at('vm-3').check(other)).toMatchObject({ ok: false, kind: 'replayed' });
    expect(await at('vm-1').check(other)).toMatchObject({ ok: false, kind: 'replayed' });
  });

  it('that an alternate took is spent at its first candidate', async () => {
    const { at } = fleet();
    expect(await at('vm-2').check(ticketOf())).toMatchObject({ ok: true });
    expect(await at('vm-1').check(ticketOf())).toMatchObject({ ok: false, kind: 'replayed' });
  });

  it('opens no alternate while its first candidate cannot be asked', async () => {
    const { at, away } = fleet();
    away.add('vm-1');
    expect(await at('vm-2').check(ticketOf())).toMatchObject({ ok: false, kind: 'invalid' });
  });

  it('is not handed over in session mode, by an alternate, or unsigned', async () => {
    const { at } = fleet();
    expect(await at('vm-1').handOver(ticketOf({ mode: 'session' }))).toMatchObject({ ok: false, kind: 'invalid' });
    expect(await at('vm-2').handOver(ticketOf())).toMatchObject({ ok: false, kind: 'invalid' });
    expect(await at('vm-1').handOver('a.b.c')).toMatchObject({ ok: false, kind: 'invalid' });
  });

  it('runs at most once, however many VMs it is sent to at once and whichever refuse it', async () => {
    const send = fc.record({ to: fc.constantFrom(...ids), refuse: fc.boolean(), turns: fc.nat(6) });
    await fc.assert(
      fc.asyncProperty(fc.array(send, { maxLength: 8 }), fc.nat(12), async (sends, delayTurns) => {
        const { at, delay } = fleet();
        delay(delayTurns);
        const ticket = ticketOf();
        let ran = 0;
        await Promise.all(
          sends.map(async ({ to, refuse, turns }) => {
            for (let i = 0; i < turns; i++) await null;
            const verdict = await at(to).check(ticket);
            if (!verdict.ok) return;
            if (refuse) at(to).refused(verdict.claims);
            else ran += 1;
          }),
        );
        expect(ran).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});
