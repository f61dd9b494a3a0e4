import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, packBundle } from '../../lib/app/bundles/bundle.ts';
import { bundleHandlers, handlerFolder } from '../../lib/infra/bundle-handlers.ts';
import { ticketType } from '../../lib/ports/contracts/ticket.ts';
import { sendBundle } from '../../sdk/typescript/src/register.ts';
import { asAdmin, asDevice, home, httpEvent, startLambdaRegion } from '../support/lambda-region.ts';
import { type LambdaProcess, startLambda } from '../support/lambda-runtime.ts';

let bundles: string;
let region: Awaited<ReturnType<typeof startLambdaRegion>>;
const running: LambdaProcess[] = [];
beforeAll(async () => {
  bundles = await mkdtemp(join(tmpdir(), 'oaas-bundles-'));
  [region] = await Promise.all([startLambdaRegion(), bundleHandlers(bundles)]);
});
afterAll(async () => {
  for (const lambda of running) lambda.stop();
  await region.stop();
  await rm(bundles, { recursive: true });
});

async function start(name: string, env: Record<string, string> = {}): Promise<LambdaProcess> {
  const lambda = await startLambda(handlerFolder(name, bundles), { ...region.environment, ...env });
  running.push(lambda);
  return lambda;
}

async function http(lambda: LambdaProcess, ...event: Parameters<typeof httpEvent>) {
  const { answer } = await lambda.invoke(httpEvent(...event));
  const { statusCode, body } = answer as { statusCode: number; body: string };
  return { status: statusCode, body: body === '' ? {} : (JSON.parse(body) as Record<string, unknown>) };
}

describe('the deployed bundles, run as on AWS', () => {
  it('classifier: places for the principal that the gateway named, with a ticket that the published keys verify', async () => {
    const classifier = await start('classifier');
    const placed = await http(classifier, 'POST', '/v1/placements', { appId: 'demo', method: 'run' }, asDevice);
    expect(placed).toMatchObject({
      status: 200,
      body: { decision: 'remote', groupRoute: expect.stringContaining('/v1/groups/general/placements') },
    });
    const { body } = await http(classifier, 'GET', '/v1/keys', undefined);
    const keys = createLocalJWKSet({ keys: body.keys as [] });
    const { payload } = await jwtVerify(String(placed.body.ticket), keys, { typ: ticketType });
    expect(payload).toMatchObject({ iss: home, sub: 'phone-1', aud: [region.vm.vmId] });
    // Counted for the scaler before the answer left.
    const counts = await region.state.listArrivals(region.vm.poolId, 0, Date.now() + 60_000);
    expect(counts.reduce((sum, row) => sum + row.count, 0)).toBe(1);
    expect(await http(classifier, 'GET', '/v1/regions', undefined)).toMatchObject({
      body: { regions: [{ id: home, endpoint: 'https://api.execute-api.eu-central-1.amazonaws.com' }] },
    });
  });

  it('group controller: refuses without a principal, places with one', async () => {
    const controller = await start('group-controller');
    const path = '/v1/groups/general/placements';
    expect((await http(controller, 'POST', path, { appId: 'demo' })).status).toBe(401);
    expect((await http(controller, 'POST', path, { appId: 'demo' }, asDevice)).status).toBe(200);
  });

  it('admin: IAM callers configure, devices do not', async () => {
    const admin = await start('admin');
    const sla = { id: 'tight', targetMs: 100 };
    expect((await http(admin, 'PUT', '/v1/slas/tight', sla, asDevice)).status).toBe(403);
    expect((await http(admin, 'PUT', '/v1/slas/tight', sla, asAdmin)).status).toBe(200);
    expect((await region.config.get('sla', 'tight'))?.body).toMatchObject(sla);
    expect(await http(admin, 'GET', '/v1/status', undefined, asAdmin)).toMatchObject({
      status: 200,
      body: { regionId: home, scaling: { geography: 'europe' } },
    });
  });

  it('admin: a bundle too large for the endpoint goes to S3 by a presigned address and is registered by digest', async () => {
    const admin = await start('admin');
    const manifest = { id: 'big', version: '1.0.0', runtime: 'node', entry: 'main.mjs', methods: { run: {} } };
    const bundle = packBundle({
      'oaas.json': Buffer.from(JSON.stringify(manifest)),
      'main.mjs': Buffer.from('export const run = () => 1;'),
      'data.bin': randomBytes(5_000_000),
    });
    const registered = (await sendBundle(bundle, async (path, body) => {
      const answer = await http(admin, 'POST', path, body, asAdmin);
      expect(answer.status).toBe(201);
      return answer.body;
    })) as { digest: string };
    expect(registered).toMatchObject({ id: 'big', digest: digestOf(bundle) });
    expect(await region.config.get('app', 'big')).toMatchObject({ body: { bundleBytes: bundle.length } });
    const { digest } = registered;
    expect(region.s3.objects.get(`oaas-bundles/bundles/${digest}.zip`)?.length).toBe(bundle.length);
    expect((await http(admin, 'POST', '/v1/uploads', { digest, bytes: 1 }, asDevice)).status).toBe(403);
  });

  it('authorizer: knows a key by its hash, no longer once it is revoked', async () => {
    const authorizer = await start('authorizer');
    const key = 'oaas-device-0123456789abcdef';
    const put = (revoked: boolean) =>
      region.database.client.send(
        new PutItemCommand({
          TableName: region.configTable,
          Item: {
            pk: { S: 'device-key' },
            sk: { S: createHash('sha256').update(key).digest('hex') },
            keyId: { S: 'trial-1' },
            revoked: { BOOL: revoked },
          },
        }),
      );
    const ask = async (authorization?: string) => (await authorizer.invoke({ headers: { authorization } })).answer;
    expect(await ask()).toEqual({ isAuthorized: false });
    expect(await ask(`Bearer ${key}`)).toEqual({ isAuthorized: false });
    await put(false);
    expect(await ask(`Bearer ${key}`)).toEqual({ isAuthorized: true, context: { principalId: 'trial-1' } });
    await put(true);
    expect(await ask(`Bearer ${key}`)).toEqual({ isAuthorized: false });
  });

  it('ticket keys: makes the first key once', async () => {
    const keyFunction = await start('ticket-keys', { OAAS_TICKET_KEY_PARAMETER: '/oaas/other-keys' });
    expect((await keyFunction.invoke({})).answer).toEqual({ outcome: 'made' });
    expect((await keyFunction.invoke({})).answer).toEqual({ outcome: 'not-due' });
    expect(region.ssm.parameters.get('/oaas/other-keys')?.Type).toBe('SecureString');
  });

  it('scaler: a tick later than a slot is dropped', async () => {
    const scaler = await start('scaler');
    const scheduledTime = new Date(Date.now() - 11 * 60_000).toISOString();
    expect((await scaler.invoke({ schedule: 'Looks', scheduledTime })).answer).toEqual({ status: 'stale' });
    await expect(scaler.invoke({ schedule: 'Sometimes' })).rejects.toThrow(/schedule/);
  });

  it('interruptions: cordons the machine and notes it for the scaler', async () => {
    const interruptions = await start('interruptions');
    const event = (id: string) => ({ region: home, time: '2026-11-21T00:00:00Z', detail: { 'instance-id': id } });
    expect((await interruptions.invoke(event('i-00000000'))).answer).toEqual({ outcome: 'not-ours' });
    expect((await interruptions.invoke(event('i-0123456789abcdef0'))).answer).toEqual({ outcome: 'cordoned' });
    expect((await region.state.listVms())[0]).toMatchObject({ state: 'draining', cordoned: true });
  });

  it('refuse to start with every problem of the environment at once', async () => {
    const env = { OAAS_REGION: '', OAAS_ACCOUNT: 'x', OAAS_BUNDLE_BUCKETS: '{' };
    await expect(start('authorizer', env)).rejects.toThrow(/OAAS_REGION[\s\S]*OAAS_ACCOUNT[\s\S]*OAAS_BUNDLE_BUCKETS/);
  });
});
