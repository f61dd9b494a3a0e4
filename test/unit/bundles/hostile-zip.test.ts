import { strToU8, type Zippable, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { openBundle } from '../../../lib/app/bundles/bundle.ts';
import { bundleLimits } from '../../../lib/ports/contracts/bundle-limits.ts';

const manifest = { id: 'a', version: '1.0.0', runtime: 'node', entry: 'main.mjs', methods: { run: {} } };
const good = { 'oaas.json': strToU8(JSON.stringify(manifest)), 'main.mjs': strToU8('export const run = () => 1') };
const content = strToU8('eighteen character');
const directoryEntry = Buffer.from('PK\x01\x02', 'latin1');
const end = Buffer.from('PK\x05\x06', 'latin1');

const zipOf = (files: Zippable): Buffer => Buffer.from(zipSync({ ...good, ...files }));
/** Where the directory's entry of this file begins. */
function entryOf(zip: Buffer, path: string): number {
  for (let at = zip.indexOf(directoryEntry); at >= 0; at = zip.indexOf(directoryEntry, at + 4)) {
    if (zip.toString('utf8', at + 46, at + 46 + zip.readUInt16LE(at + 28)) === path) return at;
  }
  throw new Error(`no ${path}`);
}
function edited(files: Zippable, edit: (zip: Buffer) => void): Buffer {
  const zip = zipOf(files);
  edit(zip);
  return zip;
}
async function problemOf(zip: Uint8Array): Promise<string> {
  const result = await openBundle(zip);
  return result.ok ? 'accepted' : result.problems.join('; ');
}

/** One stored file of 1 MiB that the directory names again and again, each time as an empty file. */
function sharedBytes(times: number): Buffer {
  const zip = zipSync({ ...good, x0000: [new Uint8Array(1 << 20), { level: 0 }] });
  const bytes = Buffer.from(zip);
  const at = entryOf(bytes, 'x0000');
  const original = bytes.subarray(at, at + 46 + 5);
  const endAt = bytes.indexOf(end);
  const copies = Array.from({ length: times }, (_, i) => {
    const copy = Buffer.from(original);
    copy.write(`x${String(i).padStart(4, '0')}`, 46);
    return copy;
  });
  const start = bytes.readUInt32LE(endAt + 16);
  const tail = Buffer.from(bytes.subarray(endAt));
  tail.writeUInt16LE(times, 10);
  tail.writeUInt16LE(times, 8);
  return Buffer.concat([bytes.subarray(0, start), ...copies, tail]);
}

describe('a hostile zip', () => {
  it('that names the same bytes many times is refused before they are copied', async () => {
    expect(await problemOf(sharedBytes(400))).toMatch(/shares its bytes/);
  });

  it.each<[string, (zip: Buffer) => void, RegExp]>([
    ['a link', (zip) => zip.writeUInt32LE((0o120777 << 16) >>> 0, entryOf(zip, 'x') + 38), /"x" is a symbolic link/],
    [
      'an encrypted file',
      (zip) => {
        zip.writeUInt16LE(1, entryOf(zip, 'x') + 8);
        // Its contents begin with the 12 bytes of the cipher's header.
        zip.writeUInt32LE(content.length - 12, entryOf(zip, 'x') + 24);
      },
      /"x" is encrypted/,
    ],
    ['an unknown method', (zip) => zip.writeUInt16LE(12, entryOf(zip, 'x') + 10), /"x" is compressed by method 12/],
    [
      'a stored file of another size',
      (zip) => zip.writeUInt32LE(0, entryOf(zip, 'x') + 24),
      /size mismatch for stored file: 18 != 0/,
    ],
    [
      'a file beyond its end',
      (zip) => zip.writeUInt32LE(0xfffffff0, entryOf(zip, 'x') + 42),
      /"x" cannot be unpacked: unexpected EOF/,
    ],
    [
      'a file that is none',
      (zip) => zip.writeUInt32LE(1, entryOf(zip, 'x') + 42),
      /"x" cannot be unpacked: invalid local file header/,
    ],
    ['ZIP64 fields that are missing', (zip) => zip.writeUInt16LE(0xffff, zip.indexOf(end) + 10), /unexpected EOF/],
    ['more entries than there are', (zip) => zip.writeUInt16LE(60_000, zip.indexOf(end) + 10), /unexpected EOF/],
    ['a directory beyond its end', (zip) => zip.writeUInt32LE(0xfffffff0, zip.indexOf(end) + 16), /unexpected EOF/],
  ])('with %s is refused with the reason', async (_name, edit, reason) => {
    expect(await problemOf(edited({ x: [content, { level: 0 }] }, edit))).toMatch(reason);
  });

  it('whose deflated file is larger than it claims is refused when the claim is reached, smaller too', async () => {
    const bomb: Zippable = { x: [new Uint8Array(4 << 20), { level: 9 }] };
    for (const claimed of [0, 1, 1000])
      expect(await problemOf(edited(bomb, (zip) => zip.writeUInt32LE(claimed, entryOf(zip, 'x') + 24)))).toMatch(
        new RegExp(`"x" cannot be unpacked: too many bytes in the stream. expected ${claimed}\\.`),
      );
    expect(await problemOf(edited(bomb, (zip) => zip.writeUInt32LE(5 << 20, entryOf(zip, 'x') + 24)))).toMatch(
      /"x" cannot be unpacked: not enough bytes in the stream. expected 5242880. got only 4194304/,
    );
    const absurd = edited(bomb, (zip) => zip.writeUInt32LE(0xffffffff, entryOf(zip, 'x') + 24));
    expect(await problemOf(absurd)).toMatch(new RegExp(`at most ${bundleLimits.maxExtractedBytes}`));
  });

  it('gains nothing by names that every object has', async () => {
    const entry = (path: string) => strToU8(JSON.stringify({ ...manifest, entry: path }));
    for (const path of ['constructor', 'toString', '__proto__'])
      expect(await problemOf(zipOf({ 'oaas.json': entry(path) }))).toContain(`names the entry "${path}"`);
    const named = await openBundle(zipOf({ 'constructor/x.mjs': strToU8('1'), valueOf: strToU8('2') }));
    expect(named.ok && Object.keys(named.bundle.files).sort()).toEqual([
      'constructor/x.mjs',
      'main.mjs',
      'oaas.json',
      'valueOf',
    ]);
  });

  it('with a comment behind its directory is one like any other', async () => {
    const zip = edited({}, (bytes) => bytes.writeUInt16LE(7, bytes.length - 2));
    expect(await problemOf(Buffer.concat([zip, Buffer.from('comment')]))).toBe('accepted');
  });
});
