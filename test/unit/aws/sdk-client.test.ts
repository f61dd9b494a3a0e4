import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { sdkClient } from '../../../lib/adapters/aws/sdk-client.ts';
import { withinBudget } from '../../../lib/adapters/aws/within-budget.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

describe('clients of the SDK', () => {
  it('are made in one place, which gives each its timeouts', () => {
    const made = ['lib', 'lambdas', 'surrogate', 'bin', 'sdk/typescript'].flatMap(sources).flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const imported = [...text.matchAll(/\b(\w+Client)\b[^;]*?from '@aws-sdk\/[^']+'/gs)].flatMap((match) =>
        [...match[0].matchAll(/\b\w+Client\b/g)].map(([name]) => name),
      );
      return imported.filter((name) => new RegExp(`new ${name}\\(`).test(text)).map((name) => `${file}: new ${name}`);
    });
    expect(made).toEqual([]);
  });

  it('stop waiting for a server that does not answer', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = sdkClient(DynamoDBClient, 'store', {
      region: 'local',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    // Three attempts of two seconds.
    await expect(client.send(new ListTablesCommand({}))).rejects.toMatchObject({ name: 'TimeoutError' });
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
});

describe('a budget', () => {
  it('ends work that heeds the signal and work that does not, and leaves the rest alone', async () => {
    let aborted = false;
    const deaf = withinBudget(20, 'deaf', () => new Promise<never>(() => {}));
    const heeding = withinBudget(20, 'heeding', (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise<never>(() => {});
    });
    await expect(deaf).rejects.toMatchObject({ name: 'TimeoutError', message: 'deaf: no answer within 20 ms' });
    await expect(heeding).rejects.toThrow();
    expect(aborted).toBe(true);
    expect(await withinBudget(5_000, 'quick', async () => 7)).toBe(7);
    await expect(withinBudget(5_000, 'failing', async () => Promise.reject(new Error('own')))).rejects.toThrow('own');
  });
});
