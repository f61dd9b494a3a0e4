import { z } from 'zod';
import { paths } from '../../lib/ports/contracts/wire.ts';
import type { PublicKeyJwk } from '../../lib/ports/tickets.ts';
import type { KeySource } from './verifier.ts';

const jwksSchema = z.object({
  keys: z.array(
    z.object({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.string(),
      kid: z.string(),
      alg: z.literal('EdDSA').default('EdDSA'),
      use: z.literal('sig').default('sig'),
    }),
  ),
});

const askAgainMs = 2_000;
const refreshMs = 60_000;

/**
 * The region's signing keys, fetched from its endpoint. The last good set stays in force while the endpoint is away;
 * an unknown key id asks again, but never more often than every 2 s, so that forged tickets cost nothing.
 */
export class RegionKeys implements KeySource {
  readonly #endpoint: string;
  #keys = new Map<string, PublicKeyJwk>();
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | null = null;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
  }

  get(kid: string): PublicKeyJwk | null | Promise<PublicKeyJwk | null> {
    const age = performance.now() - this.#askedAtMs;
    const known = this.#keys.get(kid);
    if (known !== undefined) {
      if (age > refreshMs) void this.refresh();
      return known;
    }
    if (age < askAgainMs && this.#asking === null) return null;
    return this.refresh().then(() => this.#keys.get(kid) ?? null);
  }

  /** Never rejects: without an answer the last good keys stay. */
  refresh(): Promise<void> {
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #fetch(): Promise<void> {
    this.#askedAtMs = performance.now();
    try {
      const response = await fetch(new URL(paths.keys, this.#endpoint), { signal: AbortSignal.timeout(2_000) });
      const parsed = jwksSchema.safeParse(await response.json());
      if (response.ok && parsed.success) this.#keys = new Map(parsed.data.keys.map((key) => [key.kid, key]));
    } catch {
      // Not reachable: keep what we have.
    }
  }
}
