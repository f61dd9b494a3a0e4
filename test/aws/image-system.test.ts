import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootFiles } from '../../lib/infra/agent-folder.ts';

const sector = 512;
const system = randomBytes(24 * sector);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oaas-system-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A GUID partition table (UEFI, 5.3) with one partition, from sector 40 on. */
function disk(name: string, content: Buffer): Buffer {
  const image = Buffer.alloc(40 * sector + content.length);
  image.write('EFI PART', sector);
  image.writeBigUInt64LE(2n, sector + 72);
  image.writeUInt32LE(128, sector + 80);
  image.writeUInt32LE(128, sector + 84);
  const entry = 2 * sector;
  image.fill(0xaf, entry, entry + 32);
  image.writeBigUInt64LE(40n, entry + 32);
  image.writeBigUInt64LE(BigInt(40 + content.length / sector - 1), entry + 40);
  image.write(name, entry + 56, 'utf16le');
  content.copy(image, 40 * sector);
  return image;
}

/** Logical partitions: another one first, then `system` in two pieces with a hole of zeros between. */
function superPartition(): Buffer {
  const dataAt = 64;
  const image = Buffer.alloc((dataAt + 40) * sector);
  image.writeUInt32LE(0x616c4467, 4096);
  const header = 12_288;
  const headerSize = 256;
  image.writeUInt32LE(0x414c5030, header);
  image.writeUInt16LE(10, header + 4);
  image.writeUInt32LE(headerSize, header + 8);
  const table = (at: number, offset: number, count: number, size: number) => {
    for (const [i, value] of [offset, count, size].entries()) image.writeUInt32LE(value, header + at + 4 * i);
  };
  table(80, 0, 2, 52);
  table(92, 104, 4, 24);
  const tables = header + headerSize;
  for (const [i, [name, first, count]] of (
    [
      ['vendor_a', 0, 1],
      ['system_a', 1, 3],
    ] as const
  ).entries()) {
    image.write(name, tables + i * 52);
    image.writeUInt32LE(first, tables + i * 52 + 40);
    image.writeUInt32LE(count, tables + i * 52 + 44);
  }
  const extents = [
    [4, 0, dataAt],
    [10, 0, dataAt + 8],
    [2, 1, 0],
    [14, 0, dataAt + 20],
  ] as const;
  for (const [i, [sectors, kind, data]] of extents.entries()) {
    const at = tables + 104 + i * 24;
    image.writeBigUInt64LE(BigInt(sectors), at);
    image.writeUInt32LE(kind, at + 8);
    image.writeBigUInt64LE(BigInt(data), at + 12);
  }
  system.copy(image, (dataAt + 8) * sector, 0, 10 * sector);
  system.copy(image, (dataAt + 20) * sector, 10 * sector);
  return image;
}

async function unpack(image: Buffer): Promise<Buffer> {
  await writeFile(join(folder, 'system.img'), image);
  const out = join(folder, 'system.fs');
  await promisify(execFile)('python3', [join(bootFiles, 'unpack-system.py'), join(folder, 'system.img'), out]);
  return readFile(out);
}

describe('the system partition is found in', () => {
  it('a disk with a partition of its own (Android 9 and before)', async () => {
    expect((await unpack(disk('system', system))).equals(system)).toBe(true);
  });

  it('a super partition, piece by piece (Android 10 and after)', async () => {
    const zeros = Buffer.alloc(2 * sector);
    const expected = Buffer.concat([system.subarray(0, 10 * sector), zeros, system.subarray(10 * sector)]);
    expect((await unpack(disk('super', superPartition()))).equals(expected)).toBe(true);
  });

  it('an image that is the file system itself', async () => {
    expect((await unpack(system)).equals(system)).toBe(true);
  });
});

it('an image without one is refused with what it has instead', async () => {
  await expect(unpack(disk('userdata', system))).rejects.toMatchObject({
    stderr: expect.stringContaining('there are userdata'),
  });
  await expect(unpack(disk('super', Buffer.alloc(100 * sector)))).rejects.toMatchObject({
    stderr: expect.stringContaining('has no geometry'),
  });
});
