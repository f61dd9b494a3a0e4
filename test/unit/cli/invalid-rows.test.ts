import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type ConfigAdminDependencies, listConfig } from '../../../lib/app/config-admin.ts';
import { runCli } from '../../../lib/cli/program.ts';
import { createMemoryConfig } from '../../support/memory-config.ts';

const store = createMemoryConfig();
const written: unknown[] = [];
/** A region's configuration routes: the list of the real use case, whatever is put. */
const server = createServer(async (request, response) => {
  response.setHeader('content-type', 'application/json');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (request.url === '/v1/regions') {
    response.end(JSON.stringify({ regions: [{ id: 'eu', geography: 'europe', endpoint }] }));
  } else if (request.method === 'PUT') {
    let text = '';
    for await (const chunk of request) text += chunk;
    written.push(JSON.parse(text));
    response.end(text);
  } else {
    response.end(JSON.stringify({ items: await listConfig({ store } as unknown as ConfigAdminDependencies, 'sla') }));
  }
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const rows: [string, unknown][] = [
    ['array', []],
    ['default', { id: 'default', targetMs: -5, windowS: 60 }],
    ['good', { id: 'good', targetMs: 300 }],
    ['nothing', null],
    ['other', { id: 'good', targetMs: 1 }],
    ['red\u001b[31m', { targetMs: 1 }],
    ['text', 'oops'],
  ];
  for (const [id, body] of rows) await store.put('sla', id, body, { nowMs: 1 });
});
afterAll(() => void server.close());

async function cli(...args: string[]): Promise<{ code: number; out: string }> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const { port } = server.address() as AddressInfo;
    const code = await runCli([...args, '--endpoint', `http://127.0.0.1:${port}`, '--key', 'k']);
    return { code, out: write.mock.calls.map(([text]) => String(text)).join('') };
  } finally {
    write.mockRestore();
  }
}

it('lists rows that another client wrote under the ids by which they can be removed', async () => {
  const { code, out } = await cli('sla', 'list');
  expect(code).toBe(0);
  const rows = out.trimEnd().split('\n').slice(2);
  expect(rows.map((row) => row.split(/ {2,}/).slice(0, 2))).toEqual([
    ['array', 'invalid'],
    ['default', 'invalid'],
    ['good', 'mean <= 300 ms'],
    ['nothing', 'invalid'],
    ['other', 'invalid'],
    // What would colour the rest of the terminal is shown, not sent.
    ['red?[31m', 'invalid'],
    ['text', 'invalid'],
  ]);
  const json = JSON.parse((await cli('sla', 'list', '--json')).out) as { id: string }[];
  expect(json.map(({ id }) => id)).toEqual(['array', 'default', 'good', 'nothing', 'other', 'red\u001b[31m', 'text']);
});

it('mends an invalid row by flags, keeping the rest of it', async () => {
  expect((await cli('sla', 'put', 'default', '--target', '900ms')).code).toBe(0);
  expect(written).toEqual([{ id: 'default', targetMs: 900, windowS: 60 }]);
});
