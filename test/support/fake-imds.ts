import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { vmTags } from '../../lib/ports/contracts/vm-tags.ts';

/** One EC2 instance as its own metadata service shows it. */
export interface FakeInstance {
  instanceId: string;
  /** AWS region (data centre). */
  region: string;
  accountId: string;
  publicIpv4: string;
  /** Undefined: no such tag. */
  tags: Readonly<Record<string, string | undefined>>;
  /** The instance role's credentials. */
  role?: { name: string; accessKeyId: string; secretAccessKey: string; sessionToken: string };
}

export interface FakeImds {
  /** Base URL, for OAAS_IMDS and AWS_EC2_METADATA_SERVICE_ENDPOINT. */
  endpoint: string;
  /** Paths asked for, in order. */
  asked: string[];
  close(): void;
}

/** The instance metadata service, version 2 only: a session token by PUT first, 401 without it, 404 for what an instance does not have. */
export async function startFakeImds(
  instance: FakeInstance,
  listen: { host?: string; port?: number } = {},
): Promise<FakeImds> {
  const token = randomUUID();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/latest\//, '').replace(/\/$/, '');
    asked.push(path);
    if (request.method === 'PUT' && path === 'api/token') {
      response.writeHead(200, { 'x-aws-ec2-metadata-token-ttl-seconds': '300' });
      return response.end(token);
    }
    if (request.headers['x-aws-ec2-metadata-token'] !== token) {
      response.statusCode = 401;
      return response.end();
    }
    const value = answerOf(instance, path);
    response.statusCode = value === undefined ? 404 : 200;
    return response.end(value);
  });
  await new Promise<void>((resolve) => server.listen(listen.port ?? 0, listen.host ?? '127.0.0.1', resolve));
  return {
    endpoint: `http://${listen.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answerOf({ instanceId, region, accountId, publicIpv4, tags, role }: FakeInstance, path: string) {
  const tag = /^meta-data\/tags\/instance\/(.+)$/.exec(path)?.[1];
  if (tag !== undefined) return tags[tag];
  const roles = 'meta-data/iam/security-credentials';
  const values: Record<string, string | undefined> = {
    'meta-data/instance-id': instanceId,
    'meta-data/placement/region': region,
    'meta-data/services/partition': 'aws',
    'meta-data/public-ipv4': publicIpv4,
    'dynamic/instance-identity/document': JSON.stringify({ accountId, instanceId, region }, null, 2).replaceAll(
      '":',
      '" :',
    ),
    [roles]: role?.name,
    ...(role === undefined
      ? {}
      : {
          [`${roles}/${role.name}`]: JSON.stringify({
            Code: 'Success',
            Type: 'AWS-HMAC',
            AccessKeyId: role.accessKeyId,
            SecretAccessKey: role.secretAccessKey,
            Token: role.sessionToken,
            LastUpdated: new Date().toISOString(),
            Expiration: new Date(Date.now() + 6 * 3_600_000).toISOString(),
          }),
        }),
  };
  return values[path];
}

/** A machine as the scaler launches it. @param tags change or (undefined) take away tags */
export function sampleInstance(tags: Record<string, string | undefined> = {}): FakeInstance {
  return {
    instanceId: 'i-0123456789abcdef0',
    region: 'eu-north-1',
    accountId: '123456789012',
    publicIpv4: '192.0.2.7',
    tags: {
      [vmTags.owner]: 'oaas',
      [vmTags.region]: 'eu-central-1',
      [vmTags.endpoint]: 'https://api.example.org',
      [vmTags.pool]: 'eu-central-1.general.default',
      [vmTags.cores]: '2',
      [vmTags.coreSpeed]: '0.99',
      [vmTags.memoryMiB]: '4096',
      [vmTags.sharingLimit]: '8',
      [vmTags.queueLimit]: '16',
      [vmTags.exact]: '1',
      ...tags,
    },
  };
}

/** Reads the lines that `agent-env.sh` writes. */
export function parseEnvFile(text: string): Record<string, string> {
  const lines = text.trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2) as [string, string]));
}
