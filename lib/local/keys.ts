import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CliError } from '../cli/errors.ts';

const keysSchema = z.object({ device: z.string().min(16), admin: z.string().min(16), agent: z.string().min(16) });
/** Bearer tokens of the three scopes. */
export type LocalKeys = z.infer<typeof keysSchema>;

const newKey = (scope: string): string => `oaas-${scope}-${randomBytes(18).toString('base64url')}`;

/** Made at first start and kept in the data folder (mode 0600); with `--memory` new every time. */
export async function localKeys(folder: string | null): Promise<LocalKeys> {
  const fresh: LocalKeys = { device: newKey('device'), admin: newKey('admin'), agent: newKey('agent') };
  if (folder === null) return fresh;
  const file = join(folder, 'keys.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    await writeFile(file, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600 });
    return fresh;
  }
  try {
    return keysSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CliError(
      `${file} does not hold the three keys (device, admin, agent); remove it to have new ones made`,
      2,
      {
        cause,
      },
    );
  }
}
