/**
 * Signs tickets with a region's Ed25519 keys.
 *
 * Lifecycle: keys are read once; those of a shared ring again in the background when the copy has aged, and the last good ring stays
 * in force while the storage is away. A new key of a shared ring is published for a while before it signs, so that every process
 * and agent knows it by then; the only key there is signs at once. Compact JWS by hand over node:crypto:
 * 40 µs of CPU per ticket where jose's WebCrypto path takes 60 (Node 20), which is an eighth of a snapshot placement.
 */
import { createPrivateKey, createPublicKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import {
  type AdminClaims,
  adminTicketLifetimeS,
  adminTicketType,
  type TicketClaims,
  ticketType,
} from '../../ports/contracts/ticket.ts';
import { StoreUnavailableError } from '../../ports/errors.ts';
import type {
  AdminTicketSigner,
  PublicKeyJwk,
  StoredTicketKey,
  TicketKeyStorage,
  TicketSigner,
} from '../../ports/tickets.ts';
import { newTicketKey, rotated } from './key-ring.ts';

/** Where another process rotates the keys. */
export interface SharedRing {
  nowMs: () => number;
  /** Age of the copy at which the storage is read again. */
  refreshMs: number;
  /** How long a new key is published before it signs; well above `refreshMs` and the agents' own. */
  publishAheadMs: number;
}

export interface RotatingSigner extends TicketSigner, AdminTicketSigner {
  /** Adds a key and forgets those older than `keepMs`, the previous one never at once. */
  rotate(nowMs: number, keepMs: number): Promise<void>;
}

interface LoadedKey extends StoredTicketKey {
  key: KeyObject;
  ticketHeader: string;
  adminHeader: string;
  jwk: PublicKeyJwk;
}

/** @param shared absent: this process is the only one that uses the storage */
export function createTicketSigner(storage: TicketKeyStorage, shared?: SharedRing): RotatingSigner {
  let ring: LoadedKey[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  const read = (): Promise<void> => {
    reading ??= storage
      .read()
      .then((stored) => {
        if (stored !== null) ring = stored.map(load);
        readAtMs = shared?.nowMs() ?? 0;
      })
      .finally(() => {
        reading = null;
      });
    return reading;
  };

  const keys = async (): Promise<LoadedKey[]> => {
    if (ring.length === 0) await read();
    else if (shared !== undefined && shared.nowMs() - readAtMs > shared.refreshMs) {
      read().catch(() => {
        readAtMs = shared.nowMs();
      });
    }
    if (ring.length === 0) {
      throw new StoreUnavailableError('no ticket key has been made for this region yet; its key function makes one');
    }
    return ring;
  };

  const signingKey = async (): Promise<LoadedKey> => {
    const known = await keys();
    if (shared === undefined) return known.at(-1)!;
    const from = shared.nowMs() - shared.publishAheadMs;
    return known.findLast((key) => key.createdAtMs <= from) ?? known[0]!;
  };

  return {
    async sign(claims) {
      const key = await signingKey();
      return compact(key, key.ticketHeader, claims);
    },
    async signAdmin(issuer, vmId, atMs) {
      const key = await signingKey();
      const iat = Math.floor(atMs / 1000);
      const claims: AdminClaims = { iss: issuer, aud: vmId, jti: randomUUID(), iat, exp: iat + adminTicketLifetimeS };
      return compact(key, key.adminHeader, claims);
    },
    async publicKeys() {
      return (await keys()).map((key) => key.jwk);
    },
    async rotate(atMs, keepMs) {
      const next = rotated(await keys(), atMs, keepMs);
      await storage.write(next);
      ring = next.map(load);
    },
  };
}

/** Keys in memory only, for `--memory` and tests. */
export function createMemoryTicketSigner(nowMs: number): RotatingSigner {
  let kept = [newTicketKey(nowMs)];
  const storage: TicketKeyStorage = {
    read: async () => kept,
    write: async (keys) => {
      kept = [...keys];
    },
  };
  return createTicketSigner(storage);
}

function compact(key: LoadedKey, header: string, claims: TicketClaims | AdminClaims): string {
  const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${input}.${sign(null, Buffer.from(input), key.key).toString('base64url')}`;
}

function load({ kid, createdAtMs, privateKey }: StoredTicketKey): LoadedKey {
  const key = createPrivateKey(privateKey);
  const header = (typ: string) => Buffer.from(JSON.stringify({ alg: 'EdDSA', typ, kid })).toString('base64url');
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return {
    kid,
    createdAtMs,
    privateKey,
    key,
    ticketHeader: header(ticketType),
    adminHeader: header(adminTicketType),
    jwk: { kty: 'OKP', crv: 'Ed25519', x: x!, kid, alg: 'EdDSA', use: 'sig' },
  };
}
