import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPriceStore, createRegionDirectory } from '../../lib/adapters/aws/dynamodb-region-rows.ts';
import { createTables } from '../../lib/adapters/aws/dynamodb-tables.ts';
import { runCli } from '../../lib/cli/program.ts';
import { names } from '../../lib/infra/names.ts';
import { doctorOutputSchema } from '../../lib/ports/contracts/cli-output.ts';
import { deploymentSchema } from '../../lib/ports/contracts/deployment.ts';
import type { Finding } from '../../lib/ports/diagnosis.ts';
import { startTestDynalite, type TestDynamoDb } from '../support/dynamodb.ts';
import { type FakeAccount, type FakeAws, startFakeAws } from '../support/fake-aws.ts';

/** The deployment that cdk.json of this checkout describes. */
const home = 'eu-central-1';
const deployment = deploymentSchema.parse({
  geographies: [
    {
      id: 'europe',
      home,
      timeZone: 'Europe/Berlin',
      dataCentres: [
        { id: 'eu-central-1', networkMs: 0 },
        { id: 'eu-north-1', networkMs: 24 },
      ],
    },
  ],
});
const hourMs = 3_600_000;

let database: TestDynamoDb;
let account: FakeAccount;
let aws: FakeAws;
beforeAll(async () => {
  database = await startTestDynalite();
  await createTables(database.client, [names.configTable(deployment), names.stateTable(deployment, home)]);
});
afterAll(() => database.close());

beforeEach(async () => {
  const images = deployment.image.architectures.map((a) => names.imageParameter(deployment, 'europe', a));
  account = {
    parameters: {
      [names.ticketKeyParameter(deployment, home)]: { Value: 'kms-ciphertext', Type: 'SecureString' },
      ...Object.fromEntries(images.map((name, i) => [name, { Value: `ami-${i}`, Type: 'String' }])),
    },
    quotas: { 'L-B99A9384': 1_000, 'L-1216C47A': 640, 'L-34B43A08': 640 },
    // Dynalite's tables are of this account.
    buckets: [names.bundleBucket(deployment, '000000000000', home)],
    subnets: [{ zone: 'a', subnetId: 'subnet-1' }],
    dryRun: 'DryRunOperation',
    clockOffMs: 0,
    pingStatus: 200,
  };
  aws = await startFakeAws(account);
  process.env.OAAS_AWS_ENDPOINT = aws.endpoint;
  process.env.OAAS_DYNAMODB_ENDPOINT = database.endpoint;
  process.env.AWS_ACCESS_KEY_ID = 'test';
  process.env.AWS_SECRET_ACCESS_KEY = 'test';
  await createRegionDirectory(database.client, names.configTable(deployment)).put({
    id: home,
    geography: 'europe',
    endpoint: aws.endpoint,
  });
  for (const { id } of deployment.geographies[0]!.dataCentres) await confirmPrices(id, 1);
});
afterEach(() => {
  aws.close();
  delete process.env.OAAS_AWS_ENDPOINT;
  delete process.env.OAAS_DYNAMODB_ENDPOINT;
});

async function confirmPrices(dataCentre: string, hoursAgo: number): Promise<void> {
  const confirmedAtMs = Date.now() - hoursAgo * hourMs;
  const entry = { typeId: 'c7g.large', purchaseOption: 'on-demand' as const, zone: null, priceUsdPerHour: 0.07 };
  await createPriceStore(database.client, names.configTable(deployment)).write(dataCentre, {
    entries: { x: { ...entry, confirmedAtMs } as never },
    setAside: [],
  });
}

async function doctor(...args: string[]): Promise<{ code: number; findings: Finding[] }> {
  const out: string[] = [];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => out.push(String(chunk)) > 0);
  try {
    const code = await runCli(['doctor', '--json', '--region', home, ...args]);
    return {
      code: code || Number(process.exitCode ?? 0),
      findings: doctorOutputSchema.parse(JSON.parse(out.join(''))),
    };
  } finally {
    stdout.mockRestore();
    process.exitCode = undefined;
  }
}

describe('oaas doctor', () => {
  it('finds a sound deployment sound, by every check in every region, and launches nothing', async () => {
    const { code, findings } = await doctor();
    expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
    expect(code).toBe(0);
    const checks = (region: string) => findings.filter((f) => f.region === region).map((f) => f.check);
    const ofDataCentre = ['machine quotas', 'image', 'launch'];
    expect(checks(home)).toEqual([
      ...['clock', 'tables', 'endpoint', 'ticket keys', 'bundles', 'prices', 'quotas'],
      ...ofDataCentre,
    ]);
    expect(checks('eu-north-1')).toEqual(ofDataCentre);
    expect(aws.launches).toHaveLength(2 * deployment.image.architectures.length);
    for (const launch of aws.launches) {
      expect(Object.fromEntries(launch)).toMatchObject({ DryRun: 'true', SubnetId: 'subnet-1' });
      expect([...launch.values()]).toContain('oaas-owner');
    }
  });

  const faults: [string, () => unknown, string, Finding['status'], RegExp][] = [
    ['a clock that is off', () => (account.clockOffMs = -60_000), 'clock', 'failed', /[56]\d\.\d s off.*NTP/s],
    ['an endpoint that answers 503', () => (account.pingStatus = 503), 'endpoint', 'failed', /answers 503.*runbook/s],
    [
      'no keys yet',
      () => (account.parameters[names.ticketKeyParameter(deployment, home)] = undefined),
      'ticket keys',
      'failed',
      /ParameterNotFound/,
    ],
    [
      'keys in plain text',
      () => (account.parameters[names.ticketKeyParameter(deployment, home)] = { Value: 'x', Type: 'String' }),
      'ticket keys',
      'failed',
      /must be encrypted/,
    ],
    ['no bucket', () => (account.buckets = []), 'bundles', 'failed', /NotFound/],
    ['prices of last week', () => confirmPrices('eu-north-1', 170), 'prices', 'warning', /eu-north-1: 170 h old/],
    ['a new account', () => (account.quotas['L-B99A9384'] = 10), 'quotas', 'warning', /runs 10.*L-B99A9384/s],
    ['few machines allowed', () => (account.quotas['L-34B43A08'] = 5), 'machine quotas', 'warning', /spot vCPUs 5/],
    [
      'an image that was never built',
      () =>
        (account.parameters[names.imageParameter(deployment, 'europe', deployment.image.architectures[0]!)] = {
          Value: 'not-built-yet',
          Type: 'String',
        }),
      'image',
      'failed',
      /not-built-yet.*pipelines/s,
    ],
    [
      'missing rights',
      () => (account.dryRun = 'UnauthorizedOperation'),
      'launch',
      'failed',
      /Unauthorized.*permissions/s,
    ],
    ['no network', () => (account.subnets = []), 'launch', 'failed', /no subnet.*data-centre stack/s],
  ];
  it.each(faults)('names %s and what to do', async (_, inject, check, status, said) => {
    await inject();
    const { code, findings } = await doctor();
    const found = findings.find((finding) => finding.check === check && finding.status !== 'ok');
    expect(found?.status).toBe(status);
    expect(`${found?.detail}\n${found?.fix}`).toMatch(said);
    expect(code).toBe(status === 'failed' ? 1 : 0);
    // One fault, one finding: the others go on.
    expect(new Set(findings.filter((f) => f.status !== 'ok').map((f) => f.check))).toEqual(new Set([check]));
  });
});
