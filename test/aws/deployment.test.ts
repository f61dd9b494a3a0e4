import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deployment, deploymentSchema } from '../../lib/ports/contracts/deployment.ts';
import { cdkWith, direct, oaasWith, type Run } from './support/cdk.ts';
import { account, type Inventory, type Moto, startMoto } from './support/moto.ts';

/** Two homes, and one more place to rent in. */
const document = {
  geographies: [
    {
      id: 'europe',
      home: 'eu-central-1',
      dataCentres: [
        { id: 'eu-central-1', networkMs: 0 },
        { id: 'eu-north-1', networkMs: 24 },
      ],
    },
    { id: 'north-america', home: 'us-east-1', dataCentres: [{ id: 'us-east-1', networkMs: 0 }] },
  ],
};
const homes = ['eu-central-1', 'us-east-1'];
const places = [...homes, 'eu-north-1'];

let moto: Moto;
let folder: string;
let deployment: Deployment;
let cdk: Run;
let oaas: Run;
let config: string[];
let afterwards: string[];
let held: Record<string, Inventory>;

beforeAll(async () => {
  moto = await startMoto();
  folder = await mkdtemp(join(tmpdir(), 'oaas-deployment-'));
  deployment = deploymentSchema.parse(document);
  const file = join(folder, 'two-homes.json');
  await writeFile(file, JSON.stringify(document));
  config = ['--config', file];
  afterwards = ['--', '-o', join(folder, 'cdk.out')];
  cdk = cdkWith(moto.env);
  oaas = oaasWith(moto.env);
  await cdk(['bootstrap', ...places.map((place) => `aws://${account}/${place}`)]);
  await oaas(['deploy', ...config, ...afterwards, ...direct]);
  held = await moto.inventory(...places);
});
afterAll(async () => {
  await moto?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('a deployment into two home regions and one more data centre', () => {
  it('has every stack where it belongs', () => {
    const own = (region: string) => held[region]?.stacks.filter((name) => name !== 'CDKToolkit');
    expect(own('eu-central-1')).toEqual([
      'Oaas-DataCentre-europe-eu-central-1',
      'Oaas-Global',
      'Oaas-Image',
      'Oaas-Region-europe',
    ]);
    expect(own('us-east-1')).toEqual(['Oaas-DataCentre-north-america-us-east-1', 'Oaas-Region-north-america']);
    expect(own('eu-north-1')).toEqual(['Oaas-DataCentre-europe-eu-north-1']);
  });

  it.each(homes)(
    '%s has the configuration table, its state, functions, schedules, parameters, alarms and routes',
    (home) => {
      const region = held[home]!;
      const geography = deployment.geographies.find((g) => g.home === home)!;
      expect(region.tables.sort((a, b) => a.name.localeCompare(b.name))).toEqual([
        { name: 'oaas-config', deletionProtection: true },
        { name: `oaas-state-${home}`, deletionProtection: true },
      ]);
      const handlers = ['admin', 'authorizer', 'classifier', 'group-controller', 'interruptions', 'prices', 'scaler'];
      const services = region.functions.map((fn) => fn.environment.POWERTOOLS_SERVICE_NAME);
      expect(services.sort()).toEqual([...handlers, 'ticket-keys']);
      expect(region.functions.every((fn) => fn.environment.OAAS_STATE_TABLE === `oaas-state-${home}`)).toBe(true);
      const target = (part: string) => region.schedules.find((schedule) => schedule.input.includes(`"${part}"`));
      expect(target('Slots')).toMatchObject({ expression: 'rate(10 minutes)' });
      expect(target('Looks')).toMatchObject({ expression: 'rate(1 minute)', target: target('Slots')?.target });
      expect(target('Prices')).toMatchObject({ expression: 'rate(6 hours)' });
      expect(target('TicketKeys')).toMatchObject({ expression: 'rate(1 day)' });
      // A boot (90 s) before a slot of ten minutes.
      expect(Date.parse(target('Slots')?.startDate ?? '') % 600_000).toBe(510_000);
      expect(region.alarms).toHaveLength(7);
      expect(region.alarms).toContain(`oaas-${geography.id}-LaunchesFailing`);
      for (const architecture of ['arm64', 'x86_64'])
        expect(region.parameters).toContain(`/imagebuilder/oaas/${geography.id}/${architecture}`);
      expect(region.buckets).toEqual([`oaas-bundles-123456789012-${home}`]);
      const route = (key: string) => region.apis[0]?.routes.find((r) => r.key === key);
      const classifier = region.functions.find((fn) => fn.environment.POWERTOOLS_SERVICE_NAME === 'classifier');
      expect(route('POST /v1/placements')).toMatchObject({ authorization: 'CUSTOM', function: classifier?.name });
      expect(route('GET /v1/status')).toMatchObject({ authorization: 'AWS_IAM' });
      expect(route('GET /v1/keys')).toMatchObject({ authorization: 'NONE' });
    },
  );

  it.each(places)('%s has launch templates over its own zones, and what tells of interruptions', (place) => {
    const region = held[place]!;
    const id = place === 'us-east-1' ? 'north-america' : 'europe';
    expect(region.templates).toEqual(
      ['arm64', 'x86_64'].map((architecture) => ({
        name: `oaas-${id}-${architecture}`,
        imageId: `resolve:ssm:/imagebuilder/oaas/${id}/${architecture}`,
        httpTokens: 'required',
        hopLimit: 1,
      })),
    );
    expect(region.zones.length).toBe(place === 'us-east-1' ? 6 : 3);
    expect(region.zones.every((zone) => zone.startsWith(place))).toBe(true);
    expect(region.rules.length).toBe(1);
    expect(region.instances).toEqual([]);
  });

  it('has the image pipelines of both architectures', () => {
    expect(held['eu-central-1']?.resources).toMatchObject({
      'AWS::ImageBuilder::ImagePipeline': 2,
      'AWS::ImageBuilder::ImageRecipe': 2,
      'AWS::ImageBuilder::Component': 3,
    });
  });

  it('reads in every home what was configured in one', async () => {
    const written = await moto.python('replica.py', { table: 'oaas-config', write: homes[0], read: homes[1] });
    expect(written).toEqual({ pk: 'test', sk: 'replica', value: 'written in eu-central-1' });
  });
});

describe('afterwards', () => {
  it('deploying again changes nothing, and diff says so', async () => {
    const again = await oaas(['deploy', ...config, ...afterwards, ...direct]);
    expect(again.match(/ \(no changes\)$/gm)).toHaveLength(7);
    expect(again).not.toMatch(/UPDATE_COMPLETE|CREATE_COMPLETE/);
    const diff = await oaas(['diff', ...config, ...afterwards, '--method=template']);
    expect(diff).toContain('Number of stacks with differences: 0');
    expect(await moto.inventory(...places)).toEqual(held);
  });

  it('a resource type that nothing here knows fails the deployment instead of being skipped', async () => {
    expect(await moto.python('unknown-type.py', 'eu-central-1')).toMatchObject({
      error: expect.stringContaining('Unrecognized resource types: [AWS::OaaS::Nothing]'),
    });
  });

  it('destroy ends every machine with our tag, keeps the data, and leaves others alone', async () => {
    await moto.python('instances.py', { launch: { 'eu-north-1': 'oaas', 'us-east-1': 'someone-else' } });
    const before = await moto.inventory(...places);
    expect(before['eu-north-1']?.instances.map((vm) => vm.state)).toEqual(['running']);
    await oaas(['destroy', ...config, ...afterwards, '--force']);
    const left = await moto.inventory(...places);
    for (const place of places) {
      expect(left[place]?.stacks).toEqual(['CDKToolkit']);
      expect(left[place]?.templates).toEqual([]);
      expect(left[place]?.functions).toEqual([]);
      expect(left[place]?.schedules).toEqual([]);
      const alive = left[place]?.instances.filter((vm) => vm.state !== 'terminated');
      expect(alive?.map((vm) => vm.tags['oaas-owner'])).toEqual(place === 'us-east-1' ? ['someone-else'] : []);
    }
    expect(left['eu-central-1']?.tables.map((table) => table.name)).toContain('oaas-state-eu-central-1');
  });
});
