import { randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleStore } from '../../ports/bundle-store.ts';

/** Bundles as files named by their digest. Written beside and renamed, so that a reader sees all of a bundle or none. */
export function createFileBundleStore(folder: string): BundleStore {
  const fileOf = (digest: string): string => {
    if (!/^[0-9a-f]{64}$/.test(digest))
      throw new RangeError(`not a SHA-256 in lower-case hex: ${JSON.stringify(digest)}`);
    return join(folder, `${digest}.zip`);
  };
  return {
    async put(digest, bytes) {
      const file = fileOf(digest);
      await mkdir(folder, { recursive: true });
      const partial = `${file}.${randomUUID()}`;
      await writeFile(partial, bytes);
      await rename(partial, file);
    },
    async get(digest) {
      try {
        return await readFile(fileOf(digest));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    async has(digest) {
      return access(fileOf(digest)).then(
        () => true,
        () => false,
      );
    },
  };
}
