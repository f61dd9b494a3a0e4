/**
 * Reads zips that strangers made. The directory is checked whole before a byte is unpacked, and the work is bounded by the bytes
 * received and by `maxExtractedBytes`: yauzl reads no more than the directory says and ends a file where its claimed size ends.
 */
import { buffer } from 'node:stream/consumers';
import { type Entry, fromBufferPromise, getFileNameLowLevel, type ZipFile } from 'yauzl';
import { bundleLimits } from '../../ports/contracts/bundle-limits.ts';

/** Files by path; no prototype, so that `__proto__` and `constructor` are names like any other. */
export type UnzippedFiles = Record<string, Uint8Array>;

export type Unzipped = { ok: true; files: UnzippedFiles } | { ok: false; problem: string };

interface NamedEntry {
  path: string;
  entry: Entry;
}

const deflate = 8;
/** Of the Unix mode in the upper half of the external attributes. */
const fileTypeMask = 0o170000;
const symbolicLink = 0o120000;

/** A zip that is refused, with the reason. */
class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** @param pathProblem why a path may not be used; null: it may */
export async function unzip(zip: Uint8Array, pathProblem: (path: string) => string | null): Promise<Unzipped> {
  try {
    const bytes = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength);
    // Names as bytes: what may be a path is said below, in one place.
    const archive = await fromBufferPromise(bytes, { decodeStrings: false, autoClose: false });
    const files: UnzippedFiles = Object.create(null);
    for (const { path, entry } of await readDirectory(archive, zip.length, pathProblem)) {
      files[path] = await unpack(archive, path, entry);
    }
    return { ok: true, files };
  } catch (error) {
    const { message } = error as Error;
    return {
      ok: false,
      problem: error instanceof RefusedError ? message : `it is not a zip that can be read: ${message}`,
    };
  }
}

async function readDirectory(
  archive: ZipFile,
  zipBytes: number,
  pathProblem: (path: string) => string | null,
): Promise<NamedEntry[]> {
  const seen = new Set<string>();
  const entries: NamedEntry[] = [];
  let total = 0;
  let received = 0;
  for await (const entry of archive.eachEntry()) {
    const path = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
    total += entry.uncompressedSize;
    // Entries that share their bytes would multiply the work.
    received += entry.compressedSize;
    const problem =
      pathProblem(path) ??
      (seen.has(path.toLowerCase()) ? 'appears twice' : null) ??
      (seen.size >= bundleLimits.maxFiles ? `is one file too many, at most ${bundleLimits.maxFiles}` : null) ??
      contentProblem(entry) ??
      (total > bundleLimits.maxExtractedBytes
        ? `brings the bundle to ${total} bytes unpacked, at most ${bundleLimits.maxExtractedBytes}`
        : null) ??
      (received > zipBytes ? 'shares its bytes with others' : null);
    if (problem !== null) throw refused(path, problem);
    seen.add(path.toLowerCase());
    if (!path.endsWith('/')) entries.push({ path, entry });
  }
  return entries;
}

function contentProblem(entry: Entry): string | null {
  if (((entry.externalFileAttributes >>> 16) & fileTypeMask) === symbolicLink) {
    return 'is a symbolic link; pack what it leads to';
  }
  if (entry.isEncrypted()) return 'is encrypted; pack it without a password';
  const method = entry.compressionMethod;
  return method === 0 || method === deflate ? null : `is compressed by method ${method}; use deflate or none`;
}

async function unpack(archive: ZipFile, path: string, entry: Entry): Promise<Uint8Array> {
  try {
    return await buffer(await archive.openReadStreamPromise(entry));
  } catch (error) {
    throw refused(path, `cannot be unpacked: ${(error as Error).message}`);
  }
}

const refused = (path: string, problem: string): RefusedError =>
  new RefusedError(`file ${JSON.stringify(path.slice(0, 300))} ${problem}`);
