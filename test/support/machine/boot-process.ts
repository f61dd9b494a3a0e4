/*
 * Boots the installed agent as its unit does, in a network of its own where EC2's metadata service, DynamoDB, S3 and the region's
 * endpoint are servers of this process; runs one task as a device would, and prints what was seen as JSON.
 *
 * To be run inside `unshare --net`: node --import tsx test/support/machine/boot-process.ts ROOT
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createDynamoDbStateStore } from '../../../lib/adapters/aws/dynamodb-state-store.ts';
import { createTables } from '../../../lib/adapters/aws/dynamodb-tables.ts';
import { principalOf } from '../../../lib/adapters/aws/ec2/vm-id.ts';
import { bundleKey } from '../../../lib/adapters/aws/s3-bundles.ts';
import { createAgentClient } from '../../../lib/adapters/node/agent-client.ts';
import { createMemoryTicketSigner } from '../../../lib/adapters/node/ticket-signer.ts';
import { digestOf, packBundle } from '../../../lib/app/bundles/bundle.ts';
import { runtimeComponent } from '../../../lib/infra/constructs/image-components.ts';
import type { Heartbeat } from '../../../lib/ports/vm.ts';
import { startTestDynalite } from '../dynamodb.ts';
import { sampleInstance, startFakeImds } from '../fake-imds.ts';
import { startFakeS3 } from '../fake-s3.ts';
import { startForwarder } from '../forwarder.ts';
import { runStep, startInMachine } from './machine.ts';

const root = process.argv[2]!;
const home = 'eu-central-1';
const instance = {
  ...sampleInstance({ 'oaas-endpoint': 'http://192.0.2.1:8080', 'oaas-sharing-limit': '2' }),
  role: {
    name: 'oaas-surrogate',
    accessKeyId: 'ASIAROLE',
    secretAccessKey: 'role-secret',
    sessionToken: 'role-session',
  },
};
const vmId = `${instance.instanceId}-${instance.region}`;

/** Tries what a stranger's code would try first. */
const probe = packBundle({
  'oaas.json': Buffer.from(
    JSON.stringify({ id: 'probe', version: '1.0.0', runtime: 'node', entry: 'main.mjs', methods: { look: {} } }),
  ),
  'main.mjs': Buffer.from(`
    import { readFileSync } from 'node:fs';
    const attempt = async (act) => { try { return String(await act()).slice(0, 80); } catch (e) { return 'refused ' + (e.cause?.code ?? e.code ?? e.message); } };
    export const look = async () => ({
      metadata: await attempt(async () => (await fetch('http://169.254.169.254/latest/api/token', { method: 'PUT', signal: AbortSignal.timeout(20000) })).status),
      environment: await attempt(() => readFileSync('/run/oaas/agent.env', 'utf8')),
      uid: process.getuid(),
    });`),
});
const digest = digestOf(probe);

const ip = (...args: string[]) => promisify(execFile)('ip', args);
await ip('link', 'set', 'lo', 'up');
for (const address of ['169.254.169.254/32', '192.0.2.1/32', `${instance.publicIpv4}/32`])
  await ip('addr', 'add', address, 'dev', 'lo');

const imds = await startFakeImds(instance, { host: '169.254.169.254', port: 80 });
const database = await startTestDynalite();
const table = `oaas-state-${home}`;
await createTables(database.client, [table]);
const dynamoDb = await startForwarder(database.endpoint);
const s3 = await startFakeS3({ region: home, credentials: instance.role, nowMs: Date.now });
s3.objects.set(`oaas-bundles-${instance.accountId}-${home}/${bundleKey(digest)}`, Buffer.from(probe));
const bundles = await startForwarder(s3.endpoint);
const signer = createMemoryTicketSigner(Date.now());
const endpoint = createServer(async (_request, response) => {
  response.end(JSON.stringify({ keys: await signer.publicKeys() }));
});
await new Promise<void>((resolve) => endpoint.listen(8080, '192.0.2.1', resolve));

const run = await mkdtemp(join(tmpdir(), 'oaas-run-'));
const machine = { root, run };
const seen: Record<string, unknown> = {};
const agents = createAgentClient({ agentToken: (id) => signer.signAdmin(home, id, Date.now()) });
let log = '';
try {
  await runStep(machine, ['set -eu', 'nft -f /etc/nftables.conf']);
  seen.tests = [];
  const component = runtimeComponent('x86_64', { bucket: 'b', key: 'k' });
  for (const step of component.phases.find(({ name }) => name === 'test')!.steps) {
    if (step.action !== 'ExecuteBash') throw new Error(`${step.name} is no script`);
    await runStep(machine, step.inputs.commands);
    (seen.tests as string[]).push(step.name);
  }

  const unit = await readFile(join(root, 'etc/systemd/system/oaas-agent.service'), 'utf8');
  const setting = (name: string) => new RegExp(`^${name}=-?(.*)$`, 'm').exec(unit)![1]!;
  const runtimeDirectory = `install -d -m 0755 /run/${setting('RuntimeDirectory')} /var/lib/${setting('StateDirectory')}`;
  await runStep(machine, ['set -eu', runtimeDirectory, setting('ExecStartPre')]);
  const environment = await readFile(join(run, 'oaas/agent.env'), 'utf8');
  seen.environment = environment;
  // Where the services are, which on AWS the SDK knows by itself. Credentials are not among it: they come from the metadata service.
  const places = `export AWS_ENDPOINT_URL_DYNAMODB=${dynamoDb.endpoint} OAAS_S3_ENDPOINT=${bundles.endpoint}`;
  const start = `set -a; . ${setting('EnvironmentFile')}; ${places}; exec ${setting('ExecStart')}`;
  const agent = startInMachine(machine, ['bash', '-c', start]);
  agent.stderr!.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => agent.once('exit', (code) => resolve(code)));
  const out = text(agent.stdout!);

  const state = createDynamoDbStateStore(database.client, table, {
    principalOf: (id) => principalOf(id, instance.accountId),
  });
  const beat = async (wanted: Heartbeat['state']): Promise<Heartbeat> => {
    for (let i = 0; i < 1_500; i++) {
      const heartbeat = (await state.getHeartbeats([vmId])).get(vmId);
      if (heartbeat?.state === wanted) return heartbeat;
      if (agent.exitCode !== null) break;
      await sleep(200);
    }
    throw new Error(`the agent never reported ${wanted}`);
  };
  const heartbeat = await beat('ready');
  seen.heartbeat = { url: heartbeat.url, isolation: heartbeat.isolation, vmId: heartbeat.vmId };
  const iat = Math.floor(Date.now() / 1000);
  const { url, bootNonce: nonce, certSha256, certPem } = heartbeat;
  const ticket = await signer.sign({
    iss: home,
    sub: 'phone-1',
    aud: [vmId],
    jti: 't-1',
    iat,
    exp: iat + 3_600,
    mode: 'session',
    pool: `${home}.general.default`,
    app: { id: 'probe', digest },
    vms: [{ id: vmId, nonce, url, certSha256 }],
  });
  const task = { requestId: 'r-1', method: 'look', args: { type: 'application/json' as const, json: [] } };
  seen.task = await agents.run({ vmId, url, certPem }, ticket, task, { timeoutMs: 300_000 });
  seen.signedBy = [...new Set([...dynamoDb.principals, ...bundles.principals])];
  await agents.drain({ vmId, url, certPem });
  await beat('drained');
  seen.drained = true;
  agent.kill('SIGKILL');
  await exited;
  seen.stdout = await out;
  process.stdout.write(JSON.stringify(seen));
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n${JSON.stringify(seen)}\n${log}\n`);
  process.exitCode = 1;
} finally {
  agents.close();
  imds.close();
  dynamoDb.close();
  bundles.close();
  s3.close();
  endpoint.close();
  endpoint.closeAllConnections();
  await database.close();
  await rm(run, { recursive: true, force: true });
}
