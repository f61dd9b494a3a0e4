import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import type { BundleUploads } from '../../ports/bundle-uploads.ts';
import { uploadLifetimeMs } from '../../ports/contracts/wire.ts';
import { type S3Place, s3Url } from './s3-bundles.ts';
import { createSigV4Signer, type SigV4Options } from './sigv4.ts';

/** Key of an upload; the bucket's lifecycle removes it after a day. */
const uploadKey = (digest: string): string => `uploads/${digest}.zip`;

/**
 * Uploads into the region's bucket. The address is presigned with the function's own role (it lives no longer than that role's
 * session); S3 itself refuses other bytes (400 `BadDigest`), an expired address and a changed one (403).
 */
export function createS3Uploads(
  client: Pick<S3Client, 'send'>,
  place: S3Place,
  credentials: SigV4Options['credentials'],
): BundleUploads {
  const signer = createSigV4Signer({ service: 's3', region: place.region, credentials });
  return {
    async open(digest, bytes) {
      const headers = {
        'content-type': 'application/zip',
        'x-amz-checksum-sha256': Buffer.from(digest, 'hex').toString('base64'),
      };
      // The length is signed too; every HTTP client sends it by itself.
      const signed = { ...headers, 'content-length': String(bytes) };
      const url = await signer.presign(
        { method: 'PUT', url: s3Url(place, uploadKey(digest)), headers: signed },
        uploadLifetimeMs / 1000,
      );
      return { url: String(url), headers, expiresInMs: uploadLifetimeMs };
    },
    async read(digest) {
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: place.bucket, Key: uploadKey(digest) }));
        return (await answer.Body?.transformToByteArray()) ?? null;
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    },
  };
}
