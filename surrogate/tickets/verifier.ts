import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  adminClaimsSchema,
  adminTicketType,
  type TicketClaims,
  ticketClaimsSchema,
  ticketLeewayS,
  ticketType,
} from '../../lib/ports/contracts/ticket.ts';
import type { PublicKeyJwk } from '../../lib/ports/tickets.ts';
import type { ClaimOutcome } from './claim-ticket.ts';
import { SingleUseTickets } from './single-use.ts';

/** `replayed`: a single-use ticket that was presented before. */
type Refusal = { ok: false; kind: 'invalid' | 'replayed'; reason: string };
export type Verdict = { ok: true; claims: TicketClaims } | Refusal;

/** Where the region's public keys come from; null: no such key. */
export interface KeySource {
  get(kid: string): PublicKeyJwk | null | Promise<PublicKeyJwk | null>;
}

interface Options {
  vmId: string;
  bootNonce: string;
  keys: KeySource;
  /** Server clock, ms. */
  nowMs: () => number;
  /** Asks a single-use ticket's first candidate whether this VM, an alternate, may have it. */
  claim: (first: TicketClaims['vms'][number], ticket: string) => Promise<ClaimOutcome>;
}

const maxTicketLength = 16_384;
const cacheLimit = 10_000;
const base64url = /^[A-Za-z0-9_-]+$/;

/**
 * Decides whether a ticket opens this VM, from its bytes alone (RFC 7515/7519, EdDSA only).
 *
 * Session tickets are verified once and then recognised by their exact bytes until they expire, so that the steady state costs a
 * look-up. Single-use tickets (`exact`, `snapshot`) are spent by the first presentation, whatever becomes of the request; an alternate
 * first asks the ticket's first candidate, which decides who has it.
 */
export class TicketVerifier {
  readonly #options: Options;
  readonly #sessions = new Map<string, TicketClaims>();
  readonly #singleUse = new SingleUseTickets();
  readonly #keyObjects = new Map<string, { x: string; key: KeyObject }>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** Answers without a promise for a session ticket that was verified before. */
  check(ticket: string): Verdict | Promise<Verdict> {
    const known = this.#sessions.get(ticket);
    if (known !== undefined) {
      if (this.#live(known)) return { ok: true, claims: known };
      this.#sessions.delete(ticket);
    }
    return this.#verify(ticket);
  }

  /** True for a region's own short-lived right to this VM's admin routes. */
  async isAdmin(token: string): Promise<boolean> {
    const opened = await this.#open(token, adminTicketType);
    const claims = opened.ok ? adminClaimsSchema.safeParse(opened.payload) : undefined;
    if (claims?.success !== true) return false;
    return claims.data.aud === this.#options.vmId && this.#flaw(claims.data) === null;
  }

  /** Told when a request was refused before anything ran: a single-use ticket's alternates may then have it. */
  refused(claims: TicketClaims): void {
    if (claims.mode !== 'session') this.#singleUse.refused(claims, this.#options.nowMs());
  }

  /** Answers an alternate that asks for a single-use ticket whose first candidate this VM is. True: it is the alternate's alone. */
  async handOver(ticket: string): Promise<{ ok: true } | Refusal> {
    const read = await this.#read(ticket);
    if (!read.ok) return read;
    const { claims } = read;
    if (claims.mode === 'session' || claims.aud[0] !== this.#options.vmId)
      return invalid('it is not handed over by this VM');
    return this.#singleUse.handOver(claims, this.#options.nowMs()) ? { ok: true } : replayed;
  }

  async #verify(ticket: string): Promise<Verdict> {
    const read = await this.#read(ticket);
    if (!read.ok) return read;
    const { claims } = read;
    if (claims.mode === 'session') {
      this.#remember(ticket, claims);
      return read;
    }
    if (!this.#singleUse.spend(claims, this.#options.nowMs())) return replayed;
    const [first] = claims.aud;
    const firstVm = first === this.#options.vmId ? undefined : claims.vms.find((vm) => vm.id === first);
    if (firstVm === undefined)
      return first === this.#options.vmId ? read : invalid('it does not say where its first candidate is');
    switch (await this.#options.claim(firstVm, ticket)) {
      case 'ours':
        return read;
      case 'spent':
        return replayed;
      case 'unreachable':
        return invalid('its first candidate could not be asked whether it ran there: ask for a new placement');
    }
  }

  /** A ticket for this VM and boot, at this time. */
  async #read(ticket: string): Promise<Verdict> {
    const opened = await this.#open(ticket, ticketType);
    if (!opened.ok) return opened;
    const parsed = ticketClaimsSchema.safeParse(opened.payload);
    if (!parsed.success) return invalid('its claims do not have the shape of a ticket');
    const claims = parsed.data;
    const { vmId, bootNonce } = this.#options;
    if (!claims.aud.includes(vmId)) return invalid('it is for other VMs');
    if (!claims.vms.some((vm) => vm.id === vmId && vm.nonce === bootNonce)) {
      return invalid('it was issued for another boot of this VM: ask for a new placement');
    }
    const flaw = this.#flaw(claims);
    return flaw === null ? { ok: true, claims } : invalid(flaw);
  }

  /** Form, type, key and signature of a compact JWS. */
  async #open(ticket: string, type: string): Promise<{ ok: true; payload: unknown } | Refusal> {
    if (ticket.length > maxTicketLength) return invalid(`longer than ${maxTicketLength} characters`);
    const parts = ticket.split('.');
    if (parts.length !== 3 || !parts.every((part) => base64url.test(part))) return invalid('not a compact JWS');
    const [encodedHeader, encodedClaims, encodedSignature] = parts as [string, string, string];
    const header = parseObject(encodedHeader);
    if (header === null) return invalid('its header is not a JSON object');
    if (header.alg !== 'EdDSA') return invalid('only the algorithm EdDSA is accepted');
    if (header.typ !== type) return invalid(`its type must be ${type}`);
    if ('crit' in header || 'b64' in header) return invalid('critical header extensions are not supported');
    if (typeof header.kid !== 'string' || header.kid.length > 200) return invalid('it names no key (kid)');
    const signature = Buffer.from(encodedSignature, 'base64url');
    if (signature.length !== 64) return invalid('its signature has the wrong length');

    const jwk = await this.#options.keys.get(header.kid);
    if (jwk === null) return invalid('its key (kid) is not one of this region');
    if (!verify(null, Buffer.from(`${encodedHeader}.${encodedClaims}`), this.#keyObject(jwk), signature)) {
      return invalid('its signature does not match');
    }
    return { ok: true, payload: parseObject(encodedClaims) };
  }

  /** What is wrong with the times, by server clocks; null: nothing. */
  #flaw({ iat, exp }: { iat: number; exp: number }): string | null {
    const now = this.#options.nowMs();
    if (now > (exp + ticketLeewayS) * 1000) return 'it has expired: ask for a new placement';
    if (iat * 1000 > now + ticketLeewayS * 1000) return 'it was issued in the future';
    return null;
  }

  #remember(ticket: string, claims: TicketClaims): void {
    if (this.#sessions.size >= cacheLimit) {
      const oldest = this.#sessions.keys().next().value;
      if (oldest !== undefined) this.#sessions.delete(oldest);
    }
    this.#sessions.set(ticket, claims);
  }

  #live(claims: TicketClaims): boolean {
    return this.#options.nowMs() <= (claims.exp + ticketLeewayS) * 1000;
  }

  #keyObject(jwk: PublicKeyJwk): KeyObject {
    const known = this.#keyObjects.get(jwk.kid);
    if (known !== undefined && known.x === jwk.x) return known.key;
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: jwk.x } });
    this.#keyObjects.set(jwk.kid, { x: jwk.x, key });
    return key;
  }
}

const replayed: Refusal = {
  ok: false,
  kind: 'replayed',
  reason: 'this single-use ticket was presented before: ask for a new placement',
};

const invalid = (reason: string): Refusal => ({ ok: false, kind: 'invalid', reason });

function parseObject(encoded: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
