/** Debian's base system for tests: made once by debootstrap, kept as an archive below out/ (the key is what is in it). */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { again } from '../../../bench/again.ts';
import { runStep } from './machine.ts';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../../out/cache', import.meta.url));
/** What Debian's cloud image has and the base system has not. */
const include = 'systemd,ca-certificates,curl';

/**
 * A fresh copy of Debian 12 in which a component's package step has been run.
 *
 * @throws Error naming the missing program and the package that has it
 */
export async function debianRoot(packageStep: readonly string[]): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([include, packageStep]))
    .digest('hex')
    .slice(0, 16);
  const archive = join(cache, `debian-12-${key}.tar`);
  if (!existsSync(archive)) await again(() => make(archive, packageStep));
  const root = await mkdtemp(join(tmpdir(), 'oaas-machine-'));
  await run('tar', ['-xf', archive, '-C', root, '--numeric-owner']);
  return root;
}

async function make(archive: string, packageStep: readonly string[]): Promise<void> {
  await needed('debootstrap', 'debootstrap');
  await needed('bwrap', 'bubblewrap');
  await mkdir(cache, { recursive: true });
  const root = await mkdtemp(join(tmpdir(), 'oaas-debian-'));
  try {
    const args = ['--variant=minbase', `--include=${include}`, 'bookworm', root, await debianMirror()];
    await run('debootstrap', args, { timeout: 1_500_000, maxBuffer: 64 * 1024 * 1024 });
    await runStep({ root, resolver: true }, packageStep);
    await run('tar', ['-cf', `${archive}.new`, '-C', root, '--numeric-owner', '.']);
    await rename(`${archive}.new`, archive);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** @throws Error that says which package to install */
export async function needed(program: string, debianPackage: string): Promise<void> {
  await run('sh', ['-c', `command -v ${program}`]).catch(() => {
    throw new Error(`${program} is not installed: apt-get install ${debianPackage} (.ci/run does)`);
  });
}

/** The mirror that this machine's own packages come from. */
async function debianMirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name));
  for (const file of ['/etc/apt/sources.list', ...names.map((name) => join(folder, name))]) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const mirror = /^(?:deb |URIs:\s*).*?(https?:\/\/\S+\/debian)\/?(?=\s|$)/m.exec(text)?.[1];
    if (mirror !== undefined) return mirror;
  }
  return 'http://deb.debian.org/debian';
}
