import { S3Client } from '@aws-sdk/client-s3';
import type { LambdaConfig } from '../../../ports/contracts/lambda-env.ts';
import { createS3BundleStore } from '../s3-bundle-store.ts';
import { createS3Uploads } from '../s3-uploads.ts';
import { sdkClient } from '../sdk-client.ts';
import type { LambdaBundles } from './control.ts';

/** Bundles in this region's bucket and its copies in the other home regions'; uploads go to this region's. */
export function createLambdaBundles(config: LambdaConfig): LambdaBundles {
  const clients = new Map<string, S3Client>();
  const client = (region: string): S3Client => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const made = sdkClient(S3Client, 'objects', {
      region,
      ...(config.awsEndpoint === undefined ? {} : { endpoint: config.awsEndpoint, forcePathStyle: true }),
    });
    clients.set(region, made);
    return made;
  };
  const { region, bundleBuckets: buckets, awsEndpoint: endpoint } = config;
  const store = createS3BundleStore({ region, buckets, client });
  const own = client(region);
  // The store has made sure that there is one.
  const uploads = createS3Uploads(own, { bucket: buckets[region]!, region, endpoint }, own.config.credentials);
  return { store, uploads };
}
