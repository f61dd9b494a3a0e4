import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleHandlers } from '../../lib/infra/bundle-handlers.ts';

let bundles: Map<string, { bytes: number; inputs: string[] }>;
let folder: string;
afterAll(() => rm(folder, { recursive: true }));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oaas-bundles-'));
  const { metafile } = await bundleHandlers(folder);
  bundles = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [
      path.split('/').at(-2)!,
      { bytes: output.bytes, inputs: Object.keys(output.inputs) },
    ]),
  );
});

const names = [
  'admin',
  'authorizer',
  'classifier',
  'group-controller',
  'interruptions',
  'prices',
  'scaler',
  'ticket-keys',
];

describe('Lambda bundles', () => {
  it.each(names)('%s is at most 1 MB', (name) => {
    expect(bundles.get(name)?.bytes).toBeLessThanOrEqual(1024 * 1024);
  });

  it('carry only the SDK clients that they use', () => {
    const clients = (name: string) =>
      [
        ...new Set(bundles.get(name)?.inputs.flatMap((path) => /@aws-sdk\/(client-[a-z0-9]+)\//.exec(path)?.[1] ?? [])),
      ].sort();
    expect(clients('classifier')).toEqual(['client-dynamodb', 'client-ssm']);
    expect(clients('authorizer')).toEqual(['client-dynamodb']);
    expect(clients('ticket-keys')).toEqual(['client-ssm']);
    expect(clients('scaler')).toEqual(['client-dynamodb', 'client-ec2', 'client-ssm']);
    expect(clients('prices')).toEqual(['client-dynamodb', 'client-ec2', 'client-pricing']);
    expect(clients('admin')).toEqual(['client-dynamodb', 'client-s3', 'client-ssm']);
  });
});
