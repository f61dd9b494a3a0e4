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
