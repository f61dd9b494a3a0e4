import {
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BundleStore } from '../../ports/bundle-store.ts';
import { bundleKey } from './s3-bundles.ts';

export interface S3BundleStoreOptions {
  client: (region: string) => S3Client;
  /** This region's own. */
  region: string;
  /** Bucket per home region: every region keeps a copy, so that agents read from near. */
  buckets: Readonly<Record<string, string>>;
}

/** Bundles in S3, one copy per home region. */
export function createS3BundleStore({ client, region, buckets }: S3BundleStoreOptions): BundleStore {
  const own = buckets[region];
  if (own === undefined)
    throw new RangeError(`no bundle bucket for region ${region}; there are ${Object.keys(buckets).join(', ')}`);
  return {
    async put(digest, bytes) {
      const put = (home: string, Bucket: string) =>
        client(home).send(
          new PutObjectCommand({ Bucket, Key: bundleKey(digest), Body: bytes, ContentType: 'application/zip' }),
        );
      const others = Object.entries(buckets).filter(([home]) => home !== region);
      // This region's own last: once `has` says yes, every region has its copy.
      await Promise.all(others.map(([home, bucket]) => put(home, bucket)));
      await put(region, own);
    },
    async get(digest) {
      try {
        const answer = await client(region).send(new GetObjectCommand({ Bucket: own, Key: bundleKey(digest) }));
        return (await answer.Body?.transformToByteArray()) ?? null;
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    },
    async has(digest) {
      try {
        await client(region).send(new HeadObjectCommand({ Bucket: own, Key: bundleKey(digest) }));
        return true;
      } catch (error) {
        if (error instanceof NotFound) return false;
        throw error;
      }
    },
  };
}
