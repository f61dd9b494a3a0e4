import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { again } from '../../../bench/again.ts';

/**
 * A pinned npm package that only this suite uses, installed under `.venv/NAME` from the lock file in test/aws/NAME: no part of `npm ci`, whose
 * time and licences are everybody's. Its install scripts do not run.
 *
 * @returns the folder of its node_modules
 */
export async function npmPart(name: string): Promise<string> {
  const from = fileURLToPath(new URL(`../${name}/`, import.meta.url));
  const folder = fileURLToPath(new URL(`../../../.venv/${name}/`, import.meta.url));
  const modules = join(folder, 'node_modules');
  const stamp = join(folder, 'installed');
  const wanted = await readFile(join(from, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return modules;
  await mkdir(folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) await copyFile(join(from, file), join(folder, file));
  await again(() => promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder }));
  await writeFile(stamp, wanted);
  return modules;
}
