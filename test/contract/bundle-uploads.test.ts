import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { createS3BundleStore } from '../../lib/adapters/aws/s3-bundle-store.ts';
import { createS3Uploads } from '../../lib/adapters/aws/s3-uploads.ts';
import { createLocalUploads } from '../../lib/adapters/local/upload-store.ts';
import { serveHttp } from '../../lib/adapters/node/http-server.ts';
import { digestOf } from '../../lib/app/bundles/bundle.ts';
import type { BundleUploads, UploadAddress } from '../../lib/ports/bundle-uploads.ts';
import { startFakeS3 } from '../support/fake-s3.ts';

const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret', sessionToken: 'session' };
const region = 'eu-central-1';
const bytes = Buffer.alloc(100_000, 'bundle');
const digest = digestOf(bytes);
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0)) await step();
});

interface World {
  uploads: BundleUploads;
  advance(ms: number): void;
}

async function localUploads(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'oaas-uploads-'));
  let aheadMs = 0;
  const clock = { nowMs: () => Date.now() + aheadMs, monotonicMs: () => performance.now() };
  let endpoint = '';
  const uploads = createLocalUploads({ folder, endpoint: () => endpoint, clock });
  const server = await serveHttp((request) => uploads.routes.fetch(request), { host: '127.0.0.1', port: 0 });
  endpoint = `http://127.0.0.1:${server.port}`;
  undo.push(
    () => server.close(),
    () => rm(folder, { recursive: true, force: true }),
  );
  return { uploads, advance: (ms) => (aheadMs += ms) };
}

const s3Client = (endpoint: string) => new S3Client({ region, endpoint, forcePathStyle: true, credentials });

async function s3Uploads(): Promise<World> {
  let aheadMs = 0;
  const s3 = await startFakeS3({ region, credentials, nowMs: () => Date.now() + aheadMs });
  const client = s3Client(s3.endpoint);
  undo.push(() => {
    s3.close();
    client.destroy();
  });
  const uploads = createS3Uploads(client, { bucket: 'b', region, endpoint: s3.endpoint }, credentials);
  return { uploads, advance: (ms) => (aheadMs += ms) };
}

async function put(address: UploadAddress, body: Uint8Array, url = address.url, headers = address.headers) {
  const response = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(body) });
  return { status: response.status, text: await response.text() };
}

/** The address with one character of its signature, or of what is signed, changed. */
function forged(url: string, name: RegExp): string {
  const changed = new URL(url);
  const key = [...changed.searchParams.keys()].find((parameter) => name.test(parameter))!;
  const value = changed.searchParams.get(key)!;
  changed.searchParams.set(
    key,
    value.replace(/.$/, (last) => (last === '1' ? '2' : '1')),
  );
  return String(changed);
}

describe.each([
  ['the endpoint itself', localUploads, /^signature$/i, /^expires$/i],
  ['S3', s3Uploads, /^x-amz-signature$/i, /^x-amz-expires$/i],
] as const)('an upload address of %s', (_, create, signature, expires) => {
  it('takes the bytes it was given for, which are then read by digest', async () => {
    const { uploads } = await create();
    expect(await uploads.read(digest)).toBeNull();
    const address = await uploads.open(digest, bytes.length);
    expect(address.expiresInMs).toBe(900_000);
    expect((await put(address, bytes)).status).toBe(200);
    expect(digestOf((await uploads.read(digest))!)).toBe(digest);
  });

  it('refuses other bytes of the same length, and of another', async () => {
    const { uploads } = await create();
    const address = await uploads.open(digest, bytes.length);
    const other = await put(address, Buffer.alloc(bytes.length, 'x'));
    expect(other.status).toBe(400);
    const longer = await put(address, Buffer.alloc(bytes.length + 1, 'x'));
    expect([400, 403, 413]).toContain(longer.status);
    expect(await uploads.read(digest)).toBeNull();
  });

  it('refuses a forged signature, a longer lifetime and another digest', async () => {
    const { uploads } = await create();
    const address = await uploads.open(digest, bytes.length);
    for (const url of [
      forged(address.url, signature),
      forged(address.url, expires),
      address.url.replaceAll(digest, 'b'.repeat(64)),
    ]) {
      expect(await put(address, bytes, url)).toMatchObject({ status: 403, text: expect.stringMatching(/signature/) });
    }
    expect(await uploads.read(digest)).toBeNull();
  });

  it('has an end', async () => {
    const { uploads, advance } = await create();
    const address = await uploads.open(digest, bytes.length);
    advance(901_000);
    expect(await put(address, bytes)).toMatchObject({ status: 403, text: expect.stringMatching(/expired/) });
  });
});

it('a changed checksum header does not open an S3 address to other bytes', async () => {
  const { uploads } = await s3Uploads();
  const address = await uploads.open(digest, bytes.length);
  const other = Buffer.alloc(bytes.length, 'x');
  const headers = {
    ...address.headers,
    'x-amz-checksum-sha256': Buffer.from(digestOf(other), 'hex').toString('base64'),
  };
  expect((await put(address, other, address.url, headers)).status).toBe(403);
});

it('a bundle put in one home region is in every other, or in none that says so', async () => {
  const s3 = await startFakeS3({ region, credentials, nowMs: Date.now });
  const client = s3Client(s3.endpoint);
  try {
    const buckets = { [region]: 'b-eu', 'us-east-1': 'b-us' };
    const unreachable = new S3Client({ region, endpoint: 'http://127.0.0.1:9', credentials, maxAttempts: 1 });
    const clientOf = (home: string) => (home === region ? client : unreachable);
    const cut = createS3BundleStore({ client: clientOf, region, buckets });
    await expect(cut.put(digest, bytes)).rejects.toThrow(/ECONNREFUSED/);
    expect(await cut.has(digest)).toBe(false);

    const store = createS3BundleStore({ client: () => client, region, buckets });
    expect([await store.has(digest), await store.get(digest)]).toEqual([false, null]);
    await store.put(digest, bytes);
    expect([...s3.objects.keys()].sort()).toEqual([`b-eu/bundles/${digest}.zip`, `b-us/bundles/${digest}.zip`]);
    const elsewhere = createS3BundleStore({ client: () => client, region: 'us-east-1', buckets });
    expect(await elsewhere.has(digest)).toBe(true);
    expect(digestOf((await elsewhere.get(digest))!)).toBe(digest);
  } finally {
    s3.close();
    client.destroy();
  }
});
