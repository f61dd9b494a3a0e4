import { readFile, rename, writeFile } from 'node:fs/promises';
import type { TicketKeyStorage } from '../../ports/tickets.ts';
import { newTicketKey, ringSchema } from '../node/key-ring.ts';
import { createTicketSigner, type RotatingSigner } from '../node/ticket-signer.ts';

/** `oaas keys rotate` writes the file beside a running system, which publishes a new key this long before it signs with it. */
export const localPublishAheadMs = 10_000;

/** Signing keys in a file that only its owner may read (mode 0600); written beside and renamed. */
export function createFileKeyStorage(file: string): TicketKeyStorage {
  return {
    async read() {
      try {
        return ringSchema.parse(JSON.parse(await readFile(file, 'utf8')));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw new Error(
          `${file} is not a ticket key file (${(error as Error).message}); move it away to have new keys made`,
          { cause: error },
        );
      }
    },
    async write(keys) {
      await writeFile(`${file}.new`, JSON.stringify(keys), { mode: 0o600 });
      await rename(`${file}.new`, file);
    },
  };
}

/**
 * Opens the key file or creates it.
 *
 * @throws Error when the file exists but is not a key file; it is never overwritten
 */
export async function openTicketSigner(file: string, nowMs: () => number): Promise<RotatingSigner> {
  const storage = createFileKeyStorage(file);
  if ((await storage.read()) === null) await storage.write([newTicketKey(nowMs())]);
  return createTicketSigner(storage, { nowMs, refreshMs: 2_000, publishAheadMs: localPublishAheadMs });
}

/** File of a region's keys in the data folder. */
export const ticketKeyFile = (region: string): string => `ticket-keys-${region}.json`;
