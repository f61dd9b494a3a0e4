import { z } from 'zod';
import { dispatchModeSchema } from './config.ts';

/** Claims of a ticket, an Ed25519 JWS (`alg: EdDSA`, `typ: oaas-ticket+jwt`, `kid`). */
export const ticketClaimsSchema = z.object({
  /** Region that signed. */
  iss: z.string(),
  /** Principal of the device. */
  sub: z.string(),
  /** VM ids that may honour it, in order of preference. */
  aud: z.array(z.string()).min(1),
  jti: z.string(),
  /** Seconds, server clocks only. */
  iat: z.number(),
  exp: z.number(),
  mode: dispatchModeSchema,
  pool: z.string(),
  app: z.object({ id: z.string(), digest: z.string() }),
  /** Per VM of `aud`: boot nonce, address and certificate fingerprint (SHA-256, hex) for hand-off between agents. */
  vms: z.array(z.object({ id: z.string(), nonce: z.string(), url: z.string(), certSha256: z.string() })),
  /** Exact mode: which reservation bucket of aud[0] this ticket claims (floor(issue time / bucket length)). */
  bucket: z.number().int().optional(),
  /** Session mode: a VM of `vms` with one core that holds this many tasks hands on; every further core adds one. */
  threshold: z.number().int().optional(),
});
export type TicketClaims = z.infer<typeof ticketClaimsSchema>;

export const ticketType = 'oaas-ticket+jwt';

/** Claims of a controller's right to the admin routes of one agent; the same keys sign it, its type sets it apart. */
export const adminClaimsSchema = z.object({
  iss: z.string(),
  /** The VM. */
  aud: z.string(),
  jti: z.string(),
  iat: z.number(),
  exp: z.number(),
});
export type AdminClaims = z.infer<typeof adminClaimsSchema>;
export const adminTicketType = 'oaas-admin+jwt';
export const adminTicketLifetimeS = 30;

/** Difference of server clocks that is tolerated. */
export const ticketLeewayS = 5;
/** An unclaimed reservation gives its place back after this long, whatever the ticket's lifetime. */
export const reservationTtlMs = 2_000;
/** Reservations are counted per bucket of their issue time, so that a row stays small whatever the rate. */
export const reservationBucketMs = 500;
