import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BundleFiles, type BundleResult, openBundle, packBundle } from './bundle.ts';

const skipped = new Set(['.git', '.DS_Store']);

/**
 * Packs a folder (all of it, `node_modules` too: a bundle carries what it needs) and checks the result as the registry will.
 *
 * @throws Error when the folder cannot be read.
 */
export async function packDirectory(directory: string): Promise<{ zip: Uint8Array; result: BundleResult }> {
  const files: BundleFiles = {};
  await collect(directory, '', files);
  const zip = packBundle(files);
  return { zip, result: await openBundle(zip) };
}

async function collect(root: string, below: string, files: BundleFiles): Promise<void> {
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (skipped.has(entry.name)) continue;
    if (entry.isDirectory()) await collect(root, path, files);
    else if (entry.isFile()) files[path] = await readFile(join(root, path));
  }
}

/**
 * Writes an opened bundle's files into `directory`, whole or not at all. Readable for every user: sandboxes run under ids of their own.
 */
export async function extractBundle(files: BundleFiles, directory: string): Promise<void> {
  const temporary = `${directory}.${randomUUID()}`;
  try {
    await mkdir(temporary, { recursive: true });
    await chmod(temporary, 0o755);
    for (const [path, content] of Object.entries(files)) {
      const target = join(temporary, path);
      await mkdir(dirname(target), { recursive: true, mode: 0o755 });
      await writeFile(target, content, { mode: 0o644, flag: 'wx' });
    }
    await rename(temporary, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another process extracted the same digest first.
    if (!existsSync(directory)) throw error;
  }
}
