import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openDataDir, removeLeftover } from '../../../lib/local/data-dir.ts';
import { temporaryFolder } from '../../support/local-process.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

it('takes over the lock of a process that is gone, and refuses while this one holds it', async () => {
  const path = join(folder.path, 'data');
  const first = await openDataDir(path, true);
  await expect(openDataDir(path, true)).rejects.toThrow(`another OaaS (process ${process.pid}) uses ${path}`);
  // A process of that number runs, but began at another time.
  writeFileSync(join(path, 'lock'), JSON.stringify({ pid: process.pid, born: '1' }));
  const second = await openDataDir(path, true);
  expect(readdirSync(path).sort()).toEqual(['lock', 'vms']);
  await second.close();
  await first.close();
});

it('removes the leftover that it judged, but not the lock that another start has taken since', () => {
  const lock = join(folder.path, 'lock');
  writeFileSync(lock, 'leftover');
  removeLeftover(lock, 'leftover');
  expect(readdirSync(folder.path)).not.toContain('lock');
  removeLeftover(lock, 'leftover');
  writeFileSync(lock, 'taken meanwhile');
  removeLeftover(lock, 'leftover');
  expect(readFileSync(lock, 'utf8')).toBe('taken meanwhile');
  expect(readdirSync(folder.path).filter((name) => name.startsWith('lock'))).toEqual(['lock']);
});
