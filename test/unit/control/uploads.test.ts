import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8 } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveHttp } from '../../../lib/adapters/node/http-server.ts';
import { digestOf, packBundle } from '../../../lib/app/bundles/bundle.ts';
import { directBundleBytes } from '../../../lib/ports/contracts/wire.ts';
import { registerApp, sendBundle } from '../../../sdk/typescript/src/register.ts';
import { createTestRegion, keys } from '../../support/test-region.ts';

let uploadDir: string;
beforeAll(async () => {
  uploadDir = await mkdtemp(join(tmpdir(), 'oaas-uploads-'));
});
afterAll(() => rm(uploadDir, { recursive: true }));

const manifest = { id: 'big', version: '1.0.0', runtime: 'node', entry: 'main.mjs', methods: { run: {} } };
const bundle = packBundle({ 'oaas.json': strToU8(JSON.stringify(manifest)), 'main.mjs': strToU8('export {}') });
const digest = digestOf(bundle);

type Region = Awaited<ReturnType<typeof createTestRegion>>;
const admin = (region: Region, path: string, json: unknown) => region.call('POST', path, { key: 'admin', json });
const pathOf = (url: string) => new URL(url).pathname + new URL(url).search;

describe('an app whose bundle is uploaded', () => {
  it('is registered by digest; the same bytes need no second upload', async () => {
    const region = await createTestRegion({ uploadDir });
    const opened = await admin(region, '/v1/uploads', { digest, bytes: bundle.length });
    expect(opened).toMatchObject({ status: 201, body: { digest, upload: { method: 'PUT', expiresInMs: 900_000 } } });
    const { url, headers } = opened.body.upload as { url: string; headers: Record<string, string> };
    const body = new Uint8Array(bundle);
    expect((await region.call('PUT', pathOf(url), { key: null, body, headers })).status).toBe(200);
    expect(await admin(region, '/v1/apps', { digest })).toMatchObject({ status: 201, body: { id: 'big', digest } });
    expect(await region.configStore.get('app', 'big')).toMatchObject({ body: { digest, bundleBytes: bundle.length } });
    expect((await admin(region, '/v1/uploads', { digest, bytes: bundle.length })).body.upload).toBeNull();
    expect((await admin(region, '/v1/apps', { digest })).status).toBe(201);
  });

  it('is not registered when nothing was uploaded, or something that is no bundle', async () => {
    const region = await createTestRegion({ uploadDir });
    const missing = await admin(region, '/v1/apps', { digest: 'c'.repeat(64) });
    expect(missing).toMatchObject({ status: 404, body: { detail: expect.stringContaining('POST /v1/uploads') } });
    const text = strToU8('no zip');
    const opened = await admin(region, '/v1/uploads', { digest: digestOf(text), bytes: text.length });
    const { url } = opened.body.upload as { url: string };
    await region.call('PUT', pathOf(url), { key: null, body: new Uint8Array(text) });
    expect((await admin(region, '/v1/apps', { digest: digestOf(text) })).body).toMatchObject({
      status: 400,
      type: expect.stringMatching(/invalid-bundle$/),
    });
  });

  it.each([
    ['no digest', { bytes: 1 }],
    ['a digest in capitals', { digest: digest.toUpperCase(), bytes: 1 }],
    ['more than a bundle may have', { digest, bytes: 33 * 1024 * 1024 }],
  ])('gets no address for %s', async (_, json) => {
    expect((await admin(await createTestRegion({ uploadDir }), '/v1/uploads', json)).status).toBe(400);
  });

  it('gets no address with a device key', async () => {
    const region = await createTestRegion({ uploadDir });
    expect((await region.call('POST', '/v1/uploads', { json: { digest, bytes: 1 } })).status).toBe(403);
  });
});

it('a bundle that the endpoint takes travels in the call itself', async () => {
  const calls: string[] = [];
  await sendBundle(new Uint8Array(directBundleBytes), async (path) => calls.push(path));
  expect(calls).toEqual(['/v1/bundles']);
});

describe('registerApp of the SDK', () => {
  it('uploads what is too large for one call, and says why it was refused', async () => {
    let endpoint = '';
    const region = await createTestRegion({ uploadDir, endpoint: () => endpoint });
    const server = await serveHttp((request, env) => region.control.http.fetch(request, env), {
      host: '127.0.0.1',
      port: 0,
    });
    endpoint = `http://127.0.0.1:${server.port}`;
    try {
      const large = packBundle({
        'oaas.json': strToU8(JSON.stringify(manifest)),
        'main.mjs': strToU8('export {}'),
        'data.bin': randomBytes(directBundleBytes),
      });
      const registered = await registerApp({ endpoint, adminKey: keys.admin, bundle: large });
      expect(registered).toMatchObject({ id: 'big', digest: digestOf(large) });
      await expect(registerApp({ endpoint, adminKey: keys.device, bundle })).rejects.toThrow(
        /POST \/v1\/bundles was refused \(403\): a device key may not/,
      );
      const noBundle = new Uint8Array(directBundleBytes + 1);
      await expect(registerApp({ endpoint, adminKey: keys.admin, bundle: noBundle })).rejects.toThrow(/400.*zip/);
    } finally {
      await server.close();
    }
  });
});
