/**
 * Reads zips that strangers made. The libraries at hand believe what a zip says about itself: sizes that lie make them copy or inflate
 * for minutes, a missing ZIP64 field makes them search for ever. Here the directory is checked whole before a byte is unpacked, and
 * the work is bounded by the bytes received and by `maxExtractedBytes`.
 */
import { inflateRawSync } from 'node:zlib';
import { bundleLimits } from '../../ports/contracts/bundle-limits.ts';

/** Files by path; no prototype, so that `__proto__` and `constructor` are names like any other. */
export type UnzippedFiles = Record<string, Uint8Array>;

export type Unzipped = { ok: true; files: UnzippedFiles } | { ok: false; problem: string };

interface Entry {
  path: string;
  compressed: Buffer;
  deflated: boolean;
  bytes: number;
}

const endSignature = 0x06054b50;
const endBytes = 22;
const longestComment = 0xffff;
const directorySignature = 0x02014b50;
const directoryBytes = 46;
const localSignature = 0x04034b50;
const localBytes = 30;
const deflate = 8;
/** Of the Unix mode in the upper half of the external attributes. */
const fileTypeMask = 0o170000;
const symbolicLink = 0o120000;

/** A zip that is refused, with the reason. */
class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** @param pathProblem why a path may not be used; null: it may */
export function unzip(zip: Uint8Array, pathProblem: (path: string) => string | null): Unzipped {
  const bytes = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength);
  try {
    const files: UnzippedFiles = Object.create(null);
    for (const entry of readDirectory(bytes, pathProblem)) files[entry.path] = unpack(entry);
    return { ok: true, files };
  } catch (error) {
    if (error instanceof RefusedError) return { ok: false, problem: error.message };
    // Reads beyond the end of a buffer.
    if (error instanceof RangeError)
      return { ok: false, problem: 'it is not a zip that can be read: it ends too early' };
    throw error;
  }
}

function readDirectory(zip: Buffer, pathProblem: (path: string) => string | null): Entry[] {
  const end = findEnd(zip);
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  if (count === 0xffff || at === 0xffffffff) throw new RefusedError('it is a ZIP64, which no bundle needs');
  const seen = new Set<string>();
  const entries: Entry[] = [];
  let total = 0;
  let received = 0;
  for (let i = 0; i < count; i++) {
    if (zip.readUInt32LE(at) !== directorySignature) throw notReadable('its directory is damaged');
    const nameBytes = zip.readUInt16LE(at + 28);
    const name = zip.subarray(at + directoryBytes, at + directoryBytes + nameBytes).toString('utf8');
    const refuse = (problem: string): never => {
      throw new RefusedError(`file ${JSON.stringify(name.slice(0, 300))} ${problem}`);
    };
    const wrongPath = pathProblem(name);
    if (wrongPath !== null) refuse(wrongPath);
    if (seen.has(name.toLowerCase())) refuse('appears twice');
    if (seen.size >= bundleLimits.maxFiles) refuse(`is one file too many, at most ${bundleLimits.maxFiles}`);
    seen.add(name.toLowerCase());
    if (((zip.readUInt32LE(at + 38) >>> 16) & fileTypeMask) === symbolicLink)
      refuse('is a symbolic link; pack what it leads to');
    if ((zip.readUInt16LE(at + 8) & 1) !== 0) refuse('is encrypted; pack it without a password');
    const method = zip.readUInt16LE(at + 10);
    if (method !== 0 && method !== deflate) refuse(`is compressed by method ${method}; use deflate or none`);
    const compressedBytes = zip.readUInt32LE(at + 20);
    const size = zip.readUInt32LE(at + 24);
    total += size;
    if (total > bundleLimits.maxExtractedBytes)
      refuse(`brings the bundle to ${total} bytes unpacked, at most ${bundleLimits.maxExtractedBytes}`);
    if (method === 0 && compressedBytes !== size) refuse(`is stored in ${compressedBytes} bytes but says ${size}`);
    // Entries that share their bytes would multiply the work.
    received += compressedBytes;
    if (received > zip.length) refuse('shares its bytes with others');
    if (!name.endsWith('/')) {
      const compressed = dataOf(zip, zip.readUInt32LE(at + 42), compressedBytes);
      entries.push({ path: name, compressed, deflated: method === deflate, bytes: size });
    }
    at += directoryBytes + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}

function findEnd(zip: Buffer): number {
  const lowest = Math.max(0, zip.length - endBytes - longestComment);
  for (let at = zip.length - endBytes; at >= lowest; at--) if (zip.readUInt32LE(at) === endSignature) return at;
  throw notReadable('it has no directory');
}

function dataOf(zip: Buffer, local: number, length: number): Buffer {
  if (zip.readUInt32LE(local) !== localSignature) throw notReadable('its directory names files that are not there');
  const from = local + localBytes + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  if (from + length > zip.length) throw notReadable('it ends too early');
  return zip.subarray(from, from + length);
}

function unpack({ path, compressed, deflated, bytes }: Entry): Uint8Array {
  const wrong = (problem: string): never => {
    throw new RefusedError(`file ${JSON.stringify(path)} ${problem}`);
  };
  if (!deflated) return compressed;
  let content: Buffer;
  try {
    content = inflateRawSync(compressed, { maxOutputLength: Math.max(1, bytes) });
  } catch (error) {
    return wrong(`cannot be unpacked to the ${bytes} bytes that it claims (${(error as Error).message})`);
  }
  if (content.length !== bytes) wrong(`has ${content.length} bytes but claims ${bytes}`);
  return content;
}

const notReadable = (why: string): RefusedError => new RefusedError(`it is not a zip that can be read: ${why}`);
