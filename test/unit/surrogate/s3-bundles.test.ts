import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleKey, createS3BundleSource, s3Url } from '../../../lib/adapters/aws/s3-bundles.ts';
import { createSigV4Signer } from '../../../lib/adapters/aws/sigv4.ts';

const example = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const known = 'a'.repeat(64);

let server: Server;
let endpoint: string;
let seen: { url: string | undefined; authorization: string | undefined }[];
beforeAll(async () => {
  seen = [];
  server = createServer((request, response) => {
    seen.push({ url: request.url, authorization: request.headers.authorization });
    if (request.url === `/b/${bundleKey(known)}`) return response.end('zip');
    if (request.url === `/b/${bundleKey('e'.repeat(64))}`) {
      response.writeHead(200, { 'content-length': String(1024 ** 3) });
      return response.flushHeaders();
    }
    const status = request.url?.includes('f'.repeat(64)) ? 403 : 404;
    const code = status === 403 ? 'AccessDenied' : request.url?.startsWith('/b/') ? 'NoSuchKey' : 'NoSuchBucket';
    response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`);
    return response;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

describe('signatures', () => {
  it("are those of Amazon's published example (S3 reference, query string authentication)", async () => {
    const signer = createSigV4Signer({ service: 's3', region: 'us-east-1', credentials: example });
    const at = new Date('2013-05-24T00:00:00Z');
    const url = new URL('https://examplebucket.s3.amazonaws.com/test.txt');
    const presigned = await signer.presign({ method: 'GET', url }, 86_400, at);
    expect(presigned.searchParams.get('X-Amz-Signature')).toBe(
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
    expect(presigned.searchParams.get('X-Amz-SignedHeaders')).toBe('host');
  });

  it('bind the headers that are given', async () => {
    const signer = createSigV4Signer({ service: 's3', region: 'eu-central-1', credentials: example });
    const url = new URL('https://b.s3.eu-central-1.amazonaws.com/uploads/x.zip');
    const at = new Date('2026-01-01T00:00:00Z');
    const headers = { 'content-length': '3', 'x-amz-checksum-sha256': 'q' };
    const presigned = await signer.presign({ method: 'PUT', url, headers }, 60, at);
    expect(presigned.searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host;x-amz-checksum-sha256');
    expect([...presigned.searchParams.keys()].some((name) => /checksum/i.test(name))).toBe(false);
  });
});

describe('bundles in S3', () => {
  const source = (bucket = 'b') => createS3BundleSource({ bucket, region: 'eu-central-1', endpoint }, example);

  it('are read with a signed call', async () => {
    expect(Buffer.from((await source()(known))!).toString()).toBe('zip');
    expect(seen.at(-1)?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/\d{8}\/eu-central-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, /,
    );
  });

  it('are absent, refused or too large: each says so', async () => {
    expect(await source()('d'.repeat(64))).toBeNull();
    await expect(source()('f'.repeat(64))).rejects.toThrow(/403 AccessDenied.*the role may not read it/);
    await expect(source()('e'.repeat(64))).rejects.toThrow(/1073741824 bytes, at most/);
    await expect(source('other')(known)).rejects.toThrow(/404 NoSuchBucket/);
  });

  it('are addressed by bucket and region', () => {
    expect(String(s3Url({ bucket: 'b', region: 'eu-north-1' }, 'bundles/x.zip'))).toBe(
      'https://b.s3.eu-north-1.amazonaws.com/bundles/x.zip',
    );
    expect(s3Url({ bucket: 'b', region: 'cn-north-1' }, 'k').host).toBe('b.s3.cn-north-1.amazonaws.com.cn');
  });
});
