/** Where bundles are in S3, and reading them with one signed call: the agent carries no S3 client. */
import { bundleLimits } from '../../ports/contracts/bundle-limits.ts';
import { createSigV4Signer, type SigV4Options } from './sigv4.ts';

/** Key of a bundle; agents may read under this prefix only. */
export const bundleKey = (digest: string): string => `bundles/${digest}.zip`;

export interface S3Place {
  bucket: string;
  region: string;
  /** Another server that speaks S3's protocol, with the bucket in the path. */
  endpoint?: string | undefined;
}

export function s3Url({ bucket, region, endpoint }: S3Place, key: string): URL {
  if (endpoint !== undefined) return new URL(`/${bucket}/${key}`, endpoint);
  return new URL(`https://${bucket}.s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/${key}`);
}

const timeoutMs = 30_000;

/**
 * Reads bundles with the machine's own role.
 *
 * @returns a source: the bytes (their digest unchecked), null when there is none of that digest; it throws when S3 refuses or is silent
 */
export function createS3BundleSource(
  place: S3Place,
  credentials: SigV4Options['credentials'],
): (digest: string) => Promise<Uint8Array | null> {
  const signer = createSigV4Signer({ service: 's3', region: place.region, credentials });
  return async (digest) => {
    const url = s3Url(place, bundleKey(digest));
    const headers = await signer.sign({ method: 'GET', url });
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
    if (response.ok) {
      const declared = Number(response.headers.get('content-length') ?? 0);
      if (declared <= bundleLimits.maxZipBytes) return new Uint8Array(await response.arrayBuffer());
      await response.body?.cancel();
      throw new Error(`it has ${declared} bytes, at most ${bundleLimits.maxZipBytes} are allowed`);
    }
    const code = /<Code>([^<]*)</.exec(await response.text())?.[1] ?? '';
    if (response.status === 404 && code !== 'NoSuchBucket') return null;
    // Without the right to list, S3 says 403 for what is not there.
    const hint = response.status === 403 ? ': it is not there, or the role may not read it' : '';
    throw new Error(`S3 answered ${response.status} ${code} for ${url.host}${url.pathname}${hint}`);
  };
}
