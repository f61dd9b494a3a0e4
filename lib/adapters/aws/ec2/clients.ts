import { EC2Client } from '@aws-sdk/client-ec2';

/** EC2 clients, one per data centre, made when first needed. The SDK has no request timeout of its own. */
export function createEc2Clients(options: { endpoint?: string } = {}): (region: string) => EC2Client {
  const clients = new Map<string, EC2Client>();
  return (region) => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const client = new EC2Client({
      region,
      maxAttempts: 3,
      retryMode: 'standard',
      requestHandler: { connectionTimeout: 2_000, requestTimeout: 15_000, throwOnRequestTimeout: true },
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    });
    clients.set(region, client);
    return client;
  };
}
