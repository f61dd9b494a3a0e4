import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../cli/errors.ts';

const key = z.string().min(16);
/** Folders of earlier versions have no key for the page yet. */
const keysSchema = z.object({ device: key, admin: key, agent: key, page: key.optional() });
/** Bearer tokens of the scopes. */
export type LocalKeys = Required<z.infer<typeof keysSchema>>;

const newKey = (scope: string): string => `oaas-${scope}-${randomBytes(18).toString('base64url')}`;

/** Made at first start and kept in the data folder (mode 0600); with `--memory` new every time. */
export async function localKeys(folder: string | null): Promise<LocalKeys> {
  const fresh: LocalKeys = {
    device: newKey('device'),
    admin: newKey('admin'),
    agent: newKey('agent'),
    page: newKey('page'),
  };
  if (folder === null) return fresh;
  const file = join(folder, 'keys.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return write(file, fresh);
  }
  let known: z.infer<typeof keysSchema>;
  try {
    known = keysSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CliError(
      `${file} does not hold the three keys (device, admin, agent); remove it to have new ones made`,
      2,
      {
        cause,
      },
    );
  }
  return known.page === undefined ? write(file, { ...known, page: fresh.page }) : { ...known, page: known.page };
}

async function write(file: string, keys: LocalKeys): Promise<LocalKeys> {
  await writeFile(file, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  return keys;
}
