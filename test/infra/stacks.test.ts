import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { emitSlotMetrics } from '../../lib/app/scaler/slot-metrics.ts';
import { alignedStart } from '../../lib/domain/scaling/aligned-start.ts';
import { parseDeployment } from '../../lib/infra/app.ts';
import { busyStatus } from '../support/busy-status.ts';
import { eastAsia, europe, northAmerica, synth } from './synth.ts';

const one = synth([europe]);

/** Names of everything that a region with one busy pool emits. */
function emittedFigures(): Set<string> {
  const names = new Set<string>();
  const put = (values: object): void => {
    for (const name of Object.keys(values)) names.add(name);
  };
  emitSlotMetrics({ put }, busyStatus(), 1);
  return names;
}

/** Logical ids of a type; a change of one of a stateful resource would make CloudFormation replace it. */
const ids = (template: Template, type: string): string[] => Object.keys(template.findResources(type)).sort();

describe('one geography', () => {
  it.each(one.stacks.map((stack) => stack.node.id))('%s is as reviewed', async (id) => {
    const text = JSON.stringify(one.template(id).toJSON(), null, 1).replace(/[0-9a-f]{64}/g, 'HASH');
    await expect(text).toMatchFileSnapshot(`snapshots/${id}.txt`);
  });

  it('keeps the logical ids of what holds state', () => {
    expect(ids(one.template('Oaas-Global'), 'AWS::DynamoDB::GlobalTable')).toEqual(['ConfigTable5CD72349']);
    const region = one.template('Oaas-Region-europe');
    expect(ids(region, 'AWS::DynamoDB::GlobalTable')).toEqual(['StorageStateTable08B675A0']);
    expect(ids(region, 'AWS::S3::Bucket')).toEqual(['StorageBundles3D1618A7']);
  });

  it('shows on its dashboard every figure that a slot emits', () => {
    const [dashboard] = Object.values(one.template('Oaas-Region-europe').findResources('AWS::CloudWatch::Dashboard'));
    const body = JSON.stringify(dashboard);
    const emitted = emittedFigures();
    expect(emitted.size).toBeGreaterThan(20);
    expect([...emitted].filter((name) => !body.includes(`MetricName=\\\\\\"${name}\\\\\\"`))).toEqual([]);
  });

  it('protects and keeps what holds state', () => {
    for (const id of ['Oaas-Global', 'Oaas-Region-europe']) {
      for (const table of Object.values(one.template(id).findResources('AWS::DynamoDB::GlobalTable'))) {
        expect(table.DeletionPolicy).toBe('Retain');
        expect(table.Properties.Replicas[0]).toMatchObject({ DeletionProtectionEnabled: true });
      }
    }
  });

  it('asks no account for anything, though the account is known', () => {
    expect(one.app.synth().manifest.missing ?? []).toEqual([]);
  });

  it('has no secret in any template', () => {
    for (const stack of one.stacks) {
      const text = JSON.stringify(one.template(stack.node.id).toJSON());
      expect(text).not.toMatch(/PRIVATE KEY|AKIA[0-9A-Z]{16}|aws_secret|GenerateSecretString/);
      // Signing keys are made by a function; no template makes or shows them.
      expect(text).not.toContain('SecureString');
    }
    const outputs = Object.values(one.template('Oaas-Region-europe').findOutputs('*'));
    expect(outputs.map((output) => output.Description)).toEqual(['Regional endpoint of europe']);
  });
});

describe('several geographies', () => {
  it('three regions: each has its own stacks, the configuration table a replica in each home', () => {
    const { template, stacks } = synth([europe, northAmerica, eastAsia]);
    expect(stacks.map((stack) => stack.node.id)).toHaveLength(1 + 1 + 3 + 5);
    template('Oaas-Global').hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      Replicas: [{ Region: 'us-east-1' }, { Region: 'ap-northeast-1' }, { Region: 'eu-central-1' }],
    });
  });

  it('replicas join one at a time', () => {
    const homes = (replicas: number) =>
      synth([europe, northAmerica, eastAsia], {}, replicas)
        .template('Oaas-Global')
        .toJSON()
        .Resources.ConfigTable5CD72349.Properties.Replicas.map((r: { Region: string }) => r.Region);
    expect(homes(0)).toEqual(['eu-central-1']);
    expect(homes(1)).toEqual(['us-east-1', 'eu-central-1']);
  });

  it('two geographies that rent in the same region do not collide', () => {
    const russia = { ...eastAsia, id: 'russia', home: 'eu-north-1', dataCentres: europe.dataCentres };
    const { stacks, template } = synth([europe, russia]);
    const named = stacks
      .filter((stack) => stack.node.id.startsWith('Oaas-DataCentre'))
      .flatMap((stack) => [
        ...Object.values(template(stack.node.id).findResources('AWS::SSM::Parameter')).map(
          (p) => `${stack.region} ${p.Properties.Name}`,
        ),
        ...Object.values(template(stack.node.id).findResources('AWS::EC2::LaunchTemplate')).map(
          (p) => `${stack.region} ${p.Properties.LaunchTemplateName}`,
        ),
        ...Object.values(template(stack.node.id).findResources('AWS::IAM::Role')).flatMap(
          (p) => p.Properties.RoleName ?? [],
        ),
      ]);
    expect(new Set(named).size).toBe(named.length);
  });

  it("the paper's six geographies synthesize", () => {
    const file = fileURLToPath(new URL('../../examples/deployments/six-geographies.json', import.meta.url));
    const deployment = parseDeployment(JSON.parse(readFileSync(file, 'utf8')));
    expect(synth(deployment.geographies).stacks).toHaveLength(1 + 1 + 6 + 11);
  });
});

describe('a deployment', () => {
  it.each([
    [{ geographies: [] }, /must name at least one geography/],
    [{ geographies: [{ ...europe, home: 'mars' }] }, /"mars" is not an AWS region such as eu-central-1/],
    [{ geographies: [europe, { ...eastAsia, id: 'europe' }] }, /"europe" is named twice/],
    [{ geographies: [europe], groups: ['no spaces'] }, /groups\[0\]/],
    [{ geographies: [europe], slotMinutes: 1, bootLeadS: 90 }, /must be shorter than a slot of 1 minutes/],
    [{ geographies: [europe], deviceAuth: { kind: 'jwt', issuer: 'http://x', audience: ['a'] } }, /issuer/],
    [{ geographies: [europe], colour: 'blue' }, /colour/],
    [undefined, /"oaas" context of cdk.json/],
  ])('%j is refused with the field at fault', (value, message) => {
    expect(() => parseDeployment(value)).toThrow(message);
  });
});

it('ticks come a boot before each slot, whenever the deployment is made', () => {
  const start = alignedStart(new Date('2026-05-04T10:01:00Z'), 10, 90);
  expect(start.toISOString()).toBe('2026-05-04T10:08:30.000Z');
  expect(alignedStart(start, 10, 90)).toEqual(start);
  expect(alignedStart(new Date(start.getTime() + 1), 10, 90).toISOString()).toBe('2026-05-04T10:18:30.000Z');
});
