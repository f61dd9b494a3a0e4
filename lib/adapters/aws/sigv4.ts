/**
 * Signs single HTTP calls with AWS Signature Version 4, for callers to whom a whole service client would be too heavy: agents read
 * bundles, the endpoint hands out upload addresses, the command line calls admin routes.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface SigV4Options {
  /** Signing name, e.g. `s3`, `execute-api`. */
  service: string;
  region: string;
  credentials: AwsCredentials | (() => Promise<AwsCredentials>);
}

export interface SigV4Request {
  method: string;
  url: URL;
  headers?: Record<string, string>;
  body?: Uint8Array | string;
}

export interface SigV4Signer {
  /** The headers to send with the request: those given and the signature's. */
  sign(request: SigV4Request): Promise<Record<string, string>>;
  /**
   * An address that lets whoever has it make this one call until it expires; every header given must be sent as given. The body is
   * not part of the signature: bind it by a checksum header.
   */
  presign(request: SigV4Request, expiresInS: number, at?: Date): Promise<URL>;
}

export function createSigV4Signer({ service, region, credentials }: SigV4Options): SigV4Signer {
  // S3 alone takes paths as they are.
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, uriEscapePath: service !== 's3' });
  return {
    async sign(request) {
      const signed = await signer.sign(toSmithy(request));
      // Node writes it itself, from the URL.
      const { host: _, ...headers } = signed.headers;
      return headers;
    },
    async presign(request, expiresInS, at) {
      const given = Object.keys(request.headers ?? {}).map((name) => name.toLowerCase());
      const hash = 'x-amz-content-sha256';
      const unsigned = { ...request, headers: { ...request.headers, [hash]: 'UNSIGNED-PAYLOAD' } };
      const signed = await signer.presign(toSmithy(unsigned), {
        expiresIn: expiresInS,
        // Kept as headers that the caller has to send; otherwise x-amz-* ones move into the query.
        unhoistableHeaders: new Set([...given, hash]),
        unsignableHeaders: new Set([hash]),
        ...(at === undefined ? {} : { signingDate: at }),
      });
      const url = new URL(request.url);
      for (const [name, value] of Object.entries(signed.query ?? {})) url.searchParams.set(name, String(value));
      return url;
    },
  };
}

function toSmithy({ method, url, headers = {}, body }: SigV4Request) {
  return {
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { ...headers, host: url.host },
    ...(body === undefined ? {} : { body }),
  };
}

type Data = string | ArrayBuffer | ArrayBufferView;

/** What the signer takes for a hash: plain or, with a secret, keyed. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: Data) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: Data): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function bytesOf(data: Data): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}
