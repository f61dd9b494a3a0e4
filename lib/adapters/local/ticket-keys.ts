/**
 * Ed25519 signing keys of a region, in a file that only its owner may read.
 *
 * The newest key signs; a rotation keeps the previous keys published until every ticket they signed has expired, so that agents
 * with either set of public keys accept. Compact JWS by hand over node:crypto: 40 µs of CPU per ticket where jose's WebCrypto path
 * takes 60 (Node 20), which is an eighth of a snapshot placement.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { type TicketClaims, ticketType } from '../../ports/contracts/ticket.ts';
import type { PublicKeyJwk, TicketSigner } from '../../ports/tickets.ts';

interface StoredKey {
  kid: string;
  createdAtMs: number;
  /** PKCS #8, PEM. */
  privateKey: string;
}

interface LoadedKey extends StoredKey {
  key: KeyObject;
  header: string;
}

export interface RotatingSigner extends TicketSigner {
  /** Signs with a new key from now on; keys older than `keepMs` are forgotten, the previous one never at once. */
  rotate(nowMs: number, keepMs: number): Promise<void>;
}

/** Keys in memory only, for `--memory` and tests. */
export const createMemoryTicketSigner = (nowMs: number): RotatingSigner => signerOf([newKey(nowMs)], async () => {});

/**
 * Opens the key file or creates it (mode 0600).
 *
 * @throws Error when the file exists but is not a key file; it is never overwritten
 */
export async function openTicketSigner(file: string, nowMs: number): Promise<RotatingSigner> {
  const save = async (keys: readonly StoredKey[]): Promise<void> => {
    const body = JSON.stringify(keys.map(({ kid, createdAtMs, privateKey }) => ({ kid, createdAtMs, privateKey })));
    await writeFile(`${file}.new`, body, { mode: 0o600 });
    await rename(`${file}.new`, file);
  };
  const stored = await read(file);
  if (stored !== null) return signerOf(stored.map(load), save);
  const first = newKey(nowMs);
  await save([first]);
  return signerOf([first], save);
}

async function read(file: string): Promise<StoredKey[] | null> {
  try {
    const keys = JSON.parse(await readFile(file, 'utf8')) as StoredKey[];
    if (!Array.isArray(keys) || keys.length === 0) throw new Error('no keys in it');
    return keys;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(
      `${file} is not a ticket key file (${(error as Error).message}); move it away to have new keys made`,
      {
        cause: error,
      },
    );
  }
}

/** @param keys newest last, at least one */
function signerOf(keys: LoadedKey[], save: (keys: readonly StoredKey[]) => Promise<void>): RotatingSigner {
  return {
    async sign(claims) {
      return signTicket(keys.at(-1)!, claims);
    },
    async publicKeys() {
      return keys.map(publicJwk);
    },
    async rotate(nowMs, keepMs) {
      const previous = keys.at(-1)!;
      const kept = keys.filter((key) => key === previous || nowMs - key.createdAtMs <= keepMs);
      keys.splice(0, keys.length, ...kept, newKey(nowMs));
      await save(keys);
    },
  };
}

function signTicket(key: LoadedKey, claims: TicketClaims): string {
  const input = `${key.header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${input}.${sign(null, Buffer.from(input), key.key).toString('base64url')}`;
}

function newKey(nowMs: number): LoadedKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return load({
    kid: randomUUID(),
    createdAtMs: nowMs,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
}

function load(stored: StoredKey): LoadedKey {
  const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: ticketType, kid: stored.kid })).toString('base64url');
  return { ...stored, key: createPrivateKey(stored.privateKey), header };
}

function publicJwk(key: LoadedKey): PublicKeyJwk {
  const { x } = createPublicKey(key.key).export({ format: 'jwk' });
  return { kty: 'OKP', crv: 'Ed25519', x: x!, kid: key.kid, alg: 'EdDSA', use: 'sig' };
}
