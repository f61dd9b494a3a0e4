import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterAll, expect, it } from 'vitest';
import { launcher, temporaryFolder } from '../../support/local-process.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

it('is a script without top-level await, which Node.js before 14.8 cannot even parse', () => {
  // Parsed as a script, where `await` outside a function is the syntax error that it is for an old Node.
  expect(() => new Script(readFileSync(launcher, 'utf8'))).not.toThrow();
});

it('says that packages are missing', () => {
  const copy = join(folder.path, 'oaas.mjs');
  copyFileSync(launcher, copy);
  const { status, stderr } = spawnSync(process.execPath, [copy, '--help'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([2, expect.stringContaining('npm ci')]);
});

it.skipIf(!existsSync('/dev/full'))('says that its output cannot be written', () => {
  const full = openSync('/dev/full', 'w');
  const args = [launcher, 'schema', 'plan'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  expect([status, stderr]).toEqual([1, expect.stringMatching(/^oaas: cannot write to standard output: ENOSPC.*\n$/)]);
});

it('ends well when the reader of its output has seen enough', () => {
  const command = `"${process.execPath}" "${launcher}" schema plan | head -1; echo "\${PIPESTATUS[0]}"`;
  expect(execFileSync('bash', ['-c', command], { encoding: 'utf8' })).toBe('{\n0\n');
});
