/** Checks of a home region, each an outcome by itself: one that fails does not stop the others. */
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { paths } from '../../../ports/contracts/wire.ts';
import { createDynamoDbClient } from '../dynamodb-client.ts';
import { createPriceStore, createRegionDirectory } from '../dynamodb-region-rows.ts';
import { sdkClient } from '../sdk-client.ts';
import { createSsmClient } from '../ssm-key-storage.ts';
import { failed, type Look, ok, type Result, warning } from './look.ts';

/** Server clocks only decide over tickets; the machine that runs this should still sign its calls with the right time. */
const clockToleranceMs = 5_000;
const staleHours = 48;

const dynamoDb = ({ dynamoDbEndpoint }: Look, region: string) =>
  createDynamoDbClient({ region, ...(dynamoDbEndpoint === undefined ? {} : { endpoint: dynamoDbEndpoint }) });
const ssm = ({ awsEndpoint }: Look, region: string) =>
  createSsmClient({ region, ...(awsEndpoint === undefined ? {} : { endpoint: awsEndpoint }) });

export async function checkClock({ nowMs, awsEndpoint }: Look, region: string): Promise<Result> {
  const before = nowMs();
  const address = new URL('/ping', awsEndpoint ?? `https://dynamodb.${region}.amazonaws.com`);
  const answer = await fetch(address, { signal: AbortSignal.timeout(5_000) });
  const awsMs = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(awsMs)) return failed(`${address.host} sends no date`, 'check for a proxy between here and AWS');
  // The header counts whole seconds.
  const offMs = Math.max(0, Math.abs((before + nowMs()) / 2 - awsMs) - 1_000);
  const detail = `${(offMs / 1000).toFixed(1)} s off AWS`;
  return offMs <= clockToleranceMs
    ? ok(detail)
    : failed(detail, 'synchronise this machine (NTP); AWS refuses calls from 5 minutes on');
}

export async function checkTables(look: Look, region: string): Promise<Result> {
  const client = dynamoDb(look, region);
  const seen = await Promise.all(
    [look.configTable, look.stateTable].map(async (TableName) => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      return { text: `${TableName} ${Table?.TableStatus}`, active: Table?.TableStatus === 'ACTIVE' };
    }),
  );
  const detail = seen.map(({ text }) => text).join(', ');
  return seen.every(({ active }) => active) ? ok(detail) : warning(detail, 'wait until both are active');
}

export async function checkEndpoint(look: Look, region: string): Promise<Result> {
  const entries = await createRegionDirectory(dynamoDb(look, region), look.configTable).list();
  const own = entries.find((entry) => entry.id === region);
  if (own === undefined)
    return failed('not entered in the configuration table', 'deploy; the scaler enters it at its first slot');
  const answer = await fetch(new URL(paths.ping, own.endpoint), { signal: AbortSignal.timeout(5_000) }).catch(
    (error: Error) => `does not answer (${(error.cause as Error | undefined)?.message ?? error.message})`,
  );
  if (typeof answer !== 'string' && answer.ok) return ok(own.endpoint);
  const said = typeof answer === 'string' ? answer : `answers ${answer.status}`;
  return failed(`${own.endpoint} ${said}`, 'see docs/runbook.md, ServerErrors');
}

/** Says nothing of the keys themselves: read without decryption. */
export async function checkTicketKeys(look: Look, region: string): Promise<Result> {
  const { Parameter } = await ssm(look, region).send(new GetParameterCommand({ Name: look.ticketKeyParameter }));
  const changed = Parameter?.LastModifiedDate;
  const detail = `version ${Parameter?.Version ?? '?'} of ${changed?.toISOString() ?? 'unknown age'}, ${Parameter?.Type}`;
  return Parameter?.Type === 'SecureString'
    ? ok(detail)
    : failed(detail, 'delete the parameter and invoke the ticket-keys function: keys must be encrypted');
}

export async function checkBundles(look: Look, region: string): Promise<Result> {
  const client = sdkClient(S3Client, 'control', {
    region,
    ...(look.awsEndpoint === undefined ? {} : { endpoint: look.awsEndpoint, forcePathStyle: true }),
  });
  const { Table } = await dynamoDb(look, region).send(new DescribeTableCommand({ TableName: look.configTable }));
  // arn:aws:dynamodb:REGION:ACCOUNT:table/NAME
  const Bucket = look.bundleBucket(Table?.TableArn?.split(':')[4] ?? '');
  await client.send(new HeadBucketCommand({ Bucket }));
  return ok(Bucket);
}

export async function checkPrices(look: Look, region: string): Promise<Result> {
  const store = createPriceStore(dynamoDb(look, region), look.configTable);
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
