import { createSigV4Signer, type SigV4Request } from './sigv4.ts';
import { createSsmClient } from './ssm-key-storage.ts';

/** Region of an API Gateway address; null: the URL is not one of its own. */
export function apiGatewayRegion(url: string): string | null {
  return /^[a-z0-9]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(new URL(url).hostname)?.[1] ?? null;
}

/** Signs calls of admin routes with the credentials of whoever runs this (environment, profile, SSO, role). */
export function createIamCaller(region: string): (request: SigV4Request) => Promise<Record<string, string>> {
  // A client knows how to find them.
  const { credentials } = createSsmClient({ region }).config;
  const signer = createSigV4Signer({ service: 'execute-api', region, credentials });
  return (request) => signer.sign(request);
}
