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
import { SeenIds } from './seen.ts';

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
}

const maxTicketLength = 16_384;
const cacheLimit = 10_000;
const base64url = /^[A-Za-z0-9_-]+$/;

/**
 * Decides whether a ticket opens this VM, from its bytes alone (RFC 7515/7519, EdDSA only).
 *
 * Session tickets are verified once and then recognised by their exact bytes until they expire, so that the steady state costs a
 * look-up. Single-use tickets (`exact`, `snapshot`) are spent by the first presentation, whatever becomes of the request.
 */
export class TicketVerifier {
  readonly #options: Options;
  readonly #sessions = new Map<string, TicketClaims>();
  readonly #spent = new SeenIds();
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

  async #verify(ticket: string): Promise<Verdict> {
    const opened = await this.#open(ticket, ticketType);
    if (!opened.ok) return opened;
    const parsed = ticketClaimsSchema.safeParse(opened.payload);
    if (!parsed.success) return invalid('its claims do not have the shape of a ticket');
    return this.#accept(ticket, parsed.data);
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

  #accept(ticket: string, claims: TicketClaims): Verdict {
    const { vmId, bootNonce, nowMs } = this.#options;
    if (!claims.aud.includes(vmId)) return invalid('it is for other VMs');
    if (!claims.vms.some((vm) => vm.id === vmId && vm.nonce === bootNonce)) {
      return invalid('it was issued for another boot of this VM: ask for a new placement');
    }
    const flaw = this.#flaw(claims);
    if (flaw !== null) return invalid(flaw);
    if (claims.mode === 'session') {
      this.#remember(ticket, claims);
      return { ok: true, claims };
    }
    if (!this.#spent.add(claims.jti, (claims.exp + ticketLeewayS + 1) * 1000, nowMs())) {
      return {
        ok: false,
        kind: 'replayed',
        reason: 'this single-use ticket was presented before: ask for a new placement',
      };
    }
    return { ok: true, claims };
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
