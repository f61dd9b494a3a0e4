/** Checks of one region or data centre against real AWS, each an outcome by itself: one that fails does not stop the others. */
import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import type { Deployment } from '../../../ports/contracts/deployment.ts';
import type { Geography } from '../../../ports/contracts/topology.ts';
import { paths } from '../../../ports/contracts/wire.ts';
import type { Finding } from '../../../ports/diagnosis.ts';
import { createDynamoDbClient } from '../dynamodb-client.ts';
import { createPriceStore, createRegionDirectory } from '../dynamodb-region-rows.ts';
import { createEc2Clients } from '../ec2/clients.ts';
import { sdkClient } from '../sdk-client.ts';
import { createSsmClient } from '../ssm-key-storage.ts';

export interface Look {
  deployment: Deployment;
  geography: Geography;
  configTable: string;
  ticketKeyParameter: string;
  imageParameter: (architecture: string) => string;
  launchTemplate: (architecture: string) => string;
  nowMs: () => number;
}

type Result = Omit<Finding, 'check' | 'region'>;
const ok = (detail: string): Result => ({ status: 'ok', detail, fix: null });
const warning = (detail: string, fix: string): Result => ({ status: 'warning', detail, fix });
const failed = (detail: string, fix: string): Result => ({ status: 'failed', detail, fix });

/** Server clocks only decide over tickets; the machine that runs this should still sign its calls with the right time. */
const clockToleranceMs = 5_000;
const staleHours = 48;
const minimumConcurrency = 100;
const minimumVcpus = 32;

export async function checkClock({ nowMs }: Look, region: string): Promise<Result> {
  const before = nowMs();
  const answer = await fetch(`https://dynamodb.${region}.amazonaws.com/ping`, { signal: AbortSignal.timeout(5_000) });
  const awsMs = Date.parse(answer.headers.get('date') ?? '');
  // The header counts whole seconds.
  const offMs = Math.max(0, Math.abs((before + nowMs()) / 2 - awsMs) - 1_000);
  const detail = `${(offMs / 1000).toFixed(1)} s off AWS`;
  return offMs <= clockToleranceMs
    ? ok(detail)
    : failed(detail, 'synchronise this machine (NTP); AWS refuses calls from 5 minutes on');
}

export async function checkEndpoint(look: Look, region: string): Promise<Result> {
  const entries = await createRegionDirectory(createDynamoDbClient({ region }), look.configTable).list();
  const own = entries.find((entry) => entry.id === region);
  if (own === undefined)
    return failed('not entered in the configuration table', 'deploy; the scaler enters it at its first slot');
  const answer = await fetch(new URL(paths.ping, own.endpoint), { signal: AbortSignal.timeout(5_000) });
  return answer.ok
    ? ok(own.endpoint)
    : failed(`${own.endpoint} answers ${answer.status}`, 'see docs/runbook.md, ServerErrors');
}

export async function checkTicketKeys(look: Look, region: string): Promise<Result> {
  const answer = await createSsmClient({ region }).send(new GetParameterCommand({ Name: look.ticketKeyParameter }));
  return ok(`version ${answer.Parameter?.Version} of ${answer.Parameter?.LastModifiedDate?.toISOString()}`);
}

export async function checkPrices(look: Look, region: string): Promise<Result> {
  const store = createPriceStore(createDynamoDbClient({ region }), look.configTable);
  const ages = await Promise.all(
    look.geography.dataCentres.map(async ({ id }) => {
      const entries = Object.values((await store.read(id))?.entries ?? {});
      const newestMs = Math.max(0, ...entries.map((entry) => entry.confirmedAtMs));
      return { id, hours: (look.nowMs() - newestMs) / 3_600_000, known: entries.length > 0 };
    }),
  );
  const detail = ages
    .map(({ id, hours, known }) => `${id}: ${known ? `${hours.toFixed(0)} h old` : 'catalogue only'}`)
    .join(', ');
  const stale = ages.some(({ hours, known }) => !known || hours > staleHours);
  return stale ? warning(detail, 'invoke the prices function; see docs/runbook.md, PricesStale') : ok(detail);
}

export async function checkImage(look: Look, region: string): Promise<Result> {
  const client = createSsmClient({ region });
  const seen: string[] = [];
  for (const architecture of look.deployment.image.architectures) {
    const { Parameter } = await client.send(new GetParameterCommand({ Name: look.imageParameter(architecture) }));
    seen.push(`${architecture} ${Parameter?.Value}`);
  }
  const detail = seen.join(', ');
  return seen.every((text) => text.includes(' ami-'))
    ? ok(detail)
    : failed(detail, 'start the image pipelines (docs/deploy.md) and wait for them');
}

export async function checkLaunch(look: Look, region: string): Promise<Result> {
  const architecture = look.deployment.image.architectures[0]!;
  const LaunchTemplateName = look.launchTemplate(architecture);
  try {
    await createEc2Clients()(region).send(
      new RunInstancesCommand({
        DryRun: true,
        MinCount: 1,
        MaxCount: 1,
        InstanceType: architecture === 'arm64' ? 'c7g.medium' : 'c7a.medium',
        LaunchTemplate: { LaunchTemplateName },
      }),
    );
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'DryRunOperation') return ok(`${LaunchTemplateName} would launch`);
    return failed(
      `${LaunchTemplateName}: ${name}: ${message}`,
      'deploy the data-centre stack; check the permissions of who runs this',
    );
  }
  return failed('EC2 launched on a dry run', 'report this');
}

export async function checkQuotas(_look: Look, region: string): Promise<Result> {
  const client = sdkClient(ServiceQuotasClient, 'control', { region });
  const wanted = [
    { name: 'concurrent Lambda runs', ServiceCode: 'lambda', QuotaCode: 'L-B99A9384', least: minimumConcurrency },
    { name: 'on-demand vCPUs', ServiceCode: 'ec2', QuotaCode: 'L-1216C47A', least: minimumVcpus },
    { name: 'spot vCPUs', ServiceCode: 'ec2', QuotaCode: 'L-34B43A08', least: minimumVcpus },
  ];
  const seen = await Promise.all(
    wanted.map(async ({ name, least, ...quota }) => {
      const value = (await client.send(new GetServiceQuotaCommand(quota))).Quota?.Value ?? 0;
      return { text: `${name} ${value}`, enough: value >= least, ask: `${quota.ServiceCode} ${quota.QuotaCode}` };
    }),
  );
  const detail = seen.map(({ text }) => text).join(', ');
  const short = seen.filter(({ enough }) => !enough).map(({ ask }) => ask);
  return short.length === 0 ? ok(detail) : warning(detail, `ask for more in Service Quotas: ${short.join(', ')}`);
}
