/** What the functions of a region find on AWS, here: tables in dynalite, keys in a fake SSM, one VM that reports. */
import { createDynamoDbConfigStore } from '../../lib/adapters/aws/dynamodb-config-store.ts';
import { createDynamoDbStateStore } from '../../lib/adapters/aws/dynamodb-state-store.ts';
import { principalOf } from '../../lib/adapters/aws/ec2/vm-id.ts';
import { createSsmClient, createSsmKeyStorage } from '../../lib/adapters/aws/ssm-key-storage.ts';
import { rotateWhenDue } from '../../lib/adapters/node/key-ring.ts';
import { groupSchema, slaSchema } from '../../lib/ports/contracts/config.ts';
import { lambdaEnv } from '../../lib/ports/contracts/lambda-env.ts';
import { startTestDynalite } from './dynamodb.ts';
import { startFakeS3 } from './fake-s3.ts';
import { startFakeSsm } from './fake-ssm.ts';
import { startForwarder } from './forwarder.ts';
import { sampleHeartbeat, sampleVm } from './samples.ts';
import { sampleApp } from './test-region.ts';

export const home = 'eu-central-1';
const account = '123456789012';
/** What the test's functions sign with. */
const awsKeys = { accessKeyId: 'test', secretAccessKey: 'test' };

export async function startLambdaRegion(options: { mode?: 'session' | 'exact' } = {}) {
  const database = await startTestDynalite();
  const ssm = await startFakeSsm();
  const s3 = await startFakeS3({ region: home, credentials: awsKeys, nowMs: Date.now });
  // One address for all of AWS: SSM's calls name their operation in a header, S3's do not.
  const aws = await startForwarder((request) =>
    request.headers['x-amz-target'] === undefined ? s3.endpoint : ssm.endpoint,
  );
  process.env.AWS_ACCESS_KEY_ID ??= 'test';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  const configTable = await database.freshTable();
  const stateTable = await database.freshTable();
  const config = createDynamoDbConfigStore(database.client, configTable);
  const state = createDynamoDbStateStore(database.client, stateTable, {
    principalOf: (id) => principalOf(id, account),
  });
  const nowMs = Date.now();
  const group = {
    id: 'general',
    runtimes: ['node'],
    memoryMiB: 1024,
    vcpus: 2,
    dispatch: { mode: options.mode ?? 'session' },
  };
  await config.put('sla', 'default', slaSchema.parse({ id: 'default', targetMs: 800 }), { nowMs });
  await config.put('group', 'general', groupSchema.parse(group), { nowMs });
  await config.put('app', 'demo', sampleApp(), { nowMs });
  const keys = createSsmKeyStorage(createSsmClient({ region: home, endpoint: ssm.endpoint }), '/oaas/ticket-keys');
  await rotateWhenDue(keys, { rotateAfterMs: 1e12, keepMs: 1e12 }, nowMs);
  const vm = sampleVm({
    sharingLimit: 1_000,
    queueLimit: 10_000,
    vmId: `i-0123456789abcdef0-${home}`,
    poolId: `${home}.general.default`,
  });
  await state.putVm(vm);
  const beat = (sequence: number) => state.putHeartbeat(sampleHeartbeat({ vmId: vm.vmId, atMs: Date.now(), sequence }));
  await beat(1);
  let sequence = 1;
  const beats = setInterval(() => void beat(++sequence).catch(() => {}), 1_000);
  const deployment = {
    geographies: [{ id: 'europe', home, dataCentres: [{ id: home, networkMs: 0 }] }],
  };
  const environment: Record<string, string> = {
    [lambdaEnv.deploymentName]: 'oaas',
    [lambdaEnv.region]: home,
    [lambdaEnv.account]: account,
    [lambdaEnv.configTable]: configTable,
    [lambdaEnv.stateTable]: stateTable,
    [lambdaEnv.bundleBuckets]: JSON.stringify({ [home]: 'oaas-bundles' }),
    [lambdaEnv.ticketKeyParameter]: '/oaas/ticket-keys',
    [lambdaEnv.deployment]: JSON.stringify(deployment),
    [lambdaEnv.dynamoDbEndpoint]: database.endpoint,
    [lambdaEnv.awsEndpoint]: aws.endpoint,
  };
  return {
    database,
    ssm,
    s3,
    configTable,
    stateTable,
    state,
    config,
    keys,
    vm,
    environment,
    async stop() {
      clearInterval(beats);
      aws.close();
      s3.close();
      ssm.close();
      await database.close();
    },
  };
}

/** An event of API Gateway's HTTP API, payload 2.0. */
export function httpEvent(method: string, path: string, body: unknown, authorizer?: object): object {
  return {
    version: '2.0',
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json', host: 'api.example.org' },
    requestContext: {
      accountId: account,
      apiId: 'api',
      domainName: 'api.execute-api.eu-central-1.amazonaws.com',
      domainPrefix: 'api',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'id',
      routeKey: `${method} ${path}`,
      stage: '$default',
      time: '21/Nov/2026:00:00:00 +0000',
      timeEpoch: Date.now(),
      ...(authorizer === undefined ? {} : { authorizer }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    isBase64Encoded: false,
  };
}
export const asDevice = { lambda: { principalId: 'phone-1' } };
export const asAdmin = { iam: { userArn: 'arn:aws:iam::123456789012:user/ann' } };
