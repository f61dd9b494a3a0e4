import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { RegionKeys } from '../../../surrogate/tickets/region-keys.ts';

it('unknown key ids ask the region again, but no more often than every 2 s, and known ones never wait', async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end(JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', kid: 'known' }] }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const keys = new RegionKeys(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const startedMs = performance.now();
  expect(await keys.get('known')).toMatchObject({ x: 'x' });
  for (let i = 0; i < 50; i++) expect(await keys.get(`forged-${i}`)).toBeNull();
  expect(asked).toBeLessThanOrEqual(1 + Math.floor((performance.now() - startedMs) / 2_000));
  expect(keys.get('known')).toMatchObject({ x: 'x' });
  server.closeAllConnections();
  server.close();
});
