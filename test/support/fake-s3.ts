import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createSigV4Signer, type SigV4Options } from '../../lib/adapters/aws/sigv4.ts';

export interface FakeS3 {
  endpoint: string;
  /** By `bucket/key`. */
  objects: Map<string, Buffer>;
  close(): void;
}

/**
 * S3's object calls with the bucket in the path. Presigned requests are checked as S3 does it: signature, expiry, signed headers and
 * the checksum that they bind; calls signed by header are believed.
 */
export async function startFakeS3(options: {
  region: string;
  credentials: SigV4Options['credentials'];
  nowMs: () => number;
}): Promise<FakeS3> {
  const objects: FakeS3['objects'] = new Map();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    const body = await buffer(request);
    const refuse = (status: number, code: string, message: string) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(request.method === 'HEAD' ? undefined : errorDocument(code, message));
    };
    if (url.searchParams.has('X-Amz-Signature')) {
      const flaw = await presignFlaw(url, request.method ?? '', request.headers, options);
      if (flaw !== null) return refuse(403, ...flaw);
    } else if (request.headers.authorization === undefined) return refuse(403, 'AccessDenied', 'Access Denied');
    const name = decodeURIComponent(url.pathname.slice(1));
    if (request.method === 'PUT') {
      const checksum = request.headers['x-amz-checksum-sha256'];
      if (checksum !== undefined && checksum !== createHash('sha256').update(body).digest('base64')) {
        return refuse(400, 'BadDigest', 'The SHA256 you specified did not match the calculated checksum.');
      }
      objects.set(name, body);
      return response.end();
    }
    const object = objects.get(name);
    if (object === undefined) return refuse(404, 'NoSuchKey', 'The specified key does not exist.');
    response.setHeader('content-length', object.length);
    return response.end(request.method === 'HEAD' ? undefined : object);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const errorDocument = (code: string, message: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

/** Signs again what came and compares. */
async function presignFlaw(
  url: URL,
  method: string,
  headers: Record<string, string | string[] | undefined>,
  options: { region: string; credentials: SigV4Options['credentials']; nowMs: () => number },
): Promise<[code: string, message: string] | null> {
  const stamp = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(url.searchParams.get('X-Amz-Date') ?? '');
  const lifetimeS = Number(url.searchParams.get('X-Amz-Expires'));
  if (stamp === null) return ['AuthorizationQueryParametersError', 'X-Amz-Date must be in ISO8601'];
  const [, year, month, day, hour, minute, second] = stamp;
  const signedAt = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const names = (url.searchParams.get('X-Amz-SignedHeaders') ?? '').split(';').filter((name) => name !== 'host');
  const bare = new URL(url);
  for (const name of [...bare.searchParams.keys()]) if (/^x-amz-/i.test(name)) bare.searchParams.delete(name);
  const signed = Object.fromEntries(names.map((name) => [name, String(headers[name] ?? '')]));
  const signer = createSigV4Signer({ service: 's3', region: options.region, credentials: options.credentials });
  const expected = await signer.presign({ method, url: bare, headers: signed }, lifetimeS, signedAt);
  if (expected.searchParams.get('X-Amz-Signature') !== url.searchParams.get('X-Amz-Signature')) {
    return ['SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided.'];
  }
  return options.nowMs() > signedAt.getTime() + lifetimeS * 1000 ? ['AccessDenied', 'Request has expired'] : null;
}
