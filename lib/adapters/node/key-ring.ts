/** Ed25519 signing keys of a region: making, rotating and checking the ring, whatever it is kept in. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { StoredTicketKey, TicketKeyStorage } from '../../ports/tickets.ts';

export const ringSchema = z
  .array(z.object({ kid: z.string().min(1), createdAtMs: z.number(), privateKey: z.string().includes('PRIVATE KEY') }))
  .min(1, 'no keys in it');

export function newTicketKey(nowMs: number): StoredTicketKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    kid: randomUUID(),
    createdAtMs: nowMs,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/**
 * Adds a key; keys older than `keepMs` are forgotten, the previous one never at once, because tickets that it signed still live.
 *
 * @param keys newest last
 */
export function rotated(keys: readonly StoredTicketKey[], nowMs: number, keepMs: number): StoredTicketKey[] {
  const previous = keys.at(-1);
  const kept = keys.filter((key) => key === previous || nowMs - key.createdAtMs <= keepMs);
  return [...kept, newTicketKey(nowMs)];
}

export interface RotationPolicy {
  /** Age at which the newest key is followed by another. */
  rotateAfterMs: number;
  /** Age from which an old key is no longer published; at least the longest ticket's lifetime beyond `rotateAfterMs`. */
  keepMs: number;
}

/** Makes the first key, or the next one when it is due; run daily. */
export async function rotateWhenDue(
  storage: TicketKeyStorage,
  policy: RotationPolicy,
  nowMs: number,
): Promise<'made' | 'rotated' | 'not-due'> {
  const keys = await storage.read();
  if (keys === null) {
    await storage.write([newTicketKey(nowMs)]);
    return 'made';
  }
  if (nowMs - keys.at(-1)!.createdAtMs < policy.rotateAfterMs) return 'not-due';
  await storage.write(rotated(keys, nowMs, policy.keepMs));
  return 'rotated';
}

const dayMs = 86_400_000;

/** Keys on AWS: a new one a month; no ticket outlives its key by more than the three days between. */
export const ticketKeyPolicy: RotationPolicy = { rotateAfterMs: 30 * dayMs, keepMs: 33 * dayMs };

/**
 * Adds a key out of turn.
 *
 * @param revoke forgets all others at once, because one may be known to a stranger: agents refuse their tickets within a minute
 * @returns the ring as written, newest last
 */
export async function rotateNow(
  storage: TicketKeyStorage,
  options: { nowMs: number; keepMs: number; revoke: boolean },
): Promise<StoredTicketKey[]> {
  const { nowMs, keepMs, revoke } = options;
  const keys = (await storage.read()) ?? [];
  const next = revoke ? [newTicketKey(nowMs)] : rotated(keys, nowMs, keepMs);
  await storage.write(next);
  return next;
}
