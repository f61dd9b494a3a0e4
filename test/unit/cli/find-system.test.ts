import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findOperator } from '../../../lib/cli/operator.ts';
import { findSystem } from '../../../lib/cli/system.ts';
import { type SystemFile, systemFileName } from '../../../lib/ports/contracts/system-file.ts';

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'oaas-find-system-'));
  const file: SystemFile = {
    version: 1,
    pid: process.pid,
    startedAtMs: 0,
    regions: [{ id: 'eu-central-1', geography: 'eu', endpoint: 'http://127.0.0.1:7600' }],
    keys: { device: 'device-of-this-machine', admin: 'admin-of-this-machine' },
  };
  writeFileSync(join(data, systemFileName), JSON.stringify(file));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

it('takes the key of the system that runs here for its own endpoints', async () => {
  const found = await findSystem({ data, endpoint: ['http://127.0.0.1:7600/'] });
  expect(found.deviceKey).toBe('device-of-this-machine');
});

it('does not show that key to any other server', async () => {
  const elsewhere = ['http://127.0.0.1:7600', 'https://oaas.example.com'];
  await expect(findSystem({ data, endpoint: elsewhere })).rejects.toThrow(/--key/);
  const found = await findSystem({ data, endpoint: elsewhere, key: 'given' });
  expect(found.deviceKey).toBe('given');
});

it('does not show the admin key to any other server either', async () => {
  await expect(findOperator({ data, endpoint: 'http://127.0.0.1:1' })).rejects.toThrow(/--key/);
});
