import { EC2Client } from '@aws-sdk/client-ec2';
import { sdkClient } from '../sdk-client.ts';

/** EC2 clients, one per data centre, made when first needed. */
export function createEc2Clients(options: { endpoint?: string } = {}): (region: string) => EC2Client {
  const clients = new Map<string, EC2Client>();
  return (region) => {
    const known = clients.get(region);
    if (known !== undefined) return known;
    const client = sdkClient(EC2Client, 'control', { region, ...options });
    clients.set(region, client);
    return client;
  };
}
