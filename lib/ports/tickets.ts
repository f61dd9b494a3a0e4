import type { TicketClaims } from './contracts/ticket.ts';

/** Public half of a signing key as a JWK with `kid`. */
export interface PublicKeyJwk {
  kty: 'OKP';
  crv: 'Ed25519';
  x: string;
  kid: string;
  alg: 'EdDSA';
  use: 'sig';
}

export interface TicketSigner {
  sign(claims: TicketClaims): Promise<string>;
  /** All keys that may still verify a live ticket (overlapping rotation). */
  publicKeys(): Promise<PublicKeyJwk[]>;
}

/** Signs short-lived rights to the admin routes of one agent (drain, list, kill), for callers that share no secret with it. */
export interface AdminTicketSigner {
  signAdmin(issuer: string, vmId: string, nowMs: number): Promise<string>;
}

/** A signing key as it is kept. */
export interface StoredTicketKey {
  kid: string;
  createdAtMs: number;
  /** PKCS #8, PEM. */
  privateKey: string;
}

/** Where a region's signing keys are kept: a file of one owner, or an encrypted parameter. */
export interface TicketKeyStorage {
  /** Newest last; null: none made yet. Throws when what is stored is not a key ring, which is never overwritten. */
  read(): Promise<StoredTicketKey[] | null>;
  write(keys: readonly StoredTicketKey[]): Promise<void>;
}
