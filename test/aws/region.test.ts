/**
 * One region as deployed, from the first ticket key to an empty account: the functions' own assets under AWS's runtime client, machines in
 * moto, real agents, devices with the SDK. Slots are seconds long.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDbClient } from '../../lib/adapters/aws/dynamodb-client.ts';
import { createPriceStore } from '../../lib/adapters/aws/dynamodb-region-rows.ts';
import { packDirectory } from '../../lib/app/bundles/directory.ts';
import { priceKey } from '../../lib/domain/pricing/price-book.ts';
import { catalogueBook } from '../../lib/domain/pricing/rented-offers.ts';
import { slotsResponseSchema, statusResponseSchema } from '../../lib/ports/contracts/operator.ts';
import { type Api, apiOf, asIam } from './support/api.ts';
import { projectRoot } from './support/cdk.ts';
import { type Gateway, startGateway } from './support/gateway.ts';
import { type DeployedHome, deployHome, home, places } from './support/home.ts';
import { type Hypervisor, startHypervisor } from './support/hypervisor.ts';
import type { LambdaFunction } from './support/lambda.ts';

const slotMs = 12_000;
const leadMs = 3_000;
const type = 'c7g.medium';
const deviceKey = 'oaas-device-of-this-test-0123';

let deployed: DeployedHome;
let gateway: Gateway;
let api: Api;
let scaler: LambdaFunction;
let interruptions: LambdaFunction;
let ticketKeys: LambdaFunction;
let hypervisor: Hypervisor;
const functions = new Map<string, LambdaFunction>();
const initMs: Record<string, number> = {};

beforeAll(async () => {
  deployed = await deployHome();
  gateway = await startGateway(deployed.held.apis[0]!.routes, functions);
  api = apiOf(gateway);
  for (const service of ['classifier', 'group-controller', 'admin', 'authorizer']) {
    const fn = await deployed.start(service);
    functions.set(deployedName(service), fn);
    initMs[service] = Math.round(fn.initMs);
  }
  await writePrices();
  // The deployed value is moto's own address of the endpoint, behind which nothing runs.
  scaler = await deployed.start('scaler', { OAAS_ENDPOINT: gateway.endpoint, OAAS_SLOT_MS: String(slotMs) });
  interruptions = await deployed.start('interruptions');
  ticketKeys = await deployed.start('ticket-keys');
});
afterAll(async () => {
  await hypervisor?.stop();
  gateway?.close();
  await deployed?.stop();
});

const deployedName = (service: string): string =>
  deployed.held.functions.find((fn) => fn.environment.POWERTOOLS_SERVICE_NAME === service)?.name ?? '';

/** The event of a deployed schedule, as EventBridge Scheduler fills it in. */
function scheduled(schedule: string): unknown {
  const { input } = deployed.held.schedules.find((s) => s.input.includes(`"${schedule}"`))!;
  return JSON.parse(input.replace('<aws.scheduler.scheduled-time>', new Date().toISOString()));
}

async function until<T>(what: string, limitMs: number, look: () => Promise<T | null> | T | null): Promise<T> {
  const endMs = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > endMs) throw new Error(`${what}: not within ${limitMs} ms\nscaler: ${scaler.log().slice(-4_000)}`);
    await sleep(500);
  }
}

describe('the functions as deployed, under the runtime interface client', () => {
  it('make the first ticket key at the schedule’s first tick, and one only', async () => {
    expect(await ticketKeys.invoke(scheduled('TicketKeys'))).toMatchObject({ outcome: 'made' });
    expect(await ticketKeys.invoke(scheduled('TicketKeys'))).toMatchObject({ outcome: 'not-due' });
    const keys = await api('GET', '/v1/keys');
    expect(keys).toMatchObject({ status: 200, body: { keys: [{ kty: 'OKP', crv: 'Ed25519' }] } });
    expect(Math.max(...Object.values(initMs))).toBeLessThan(30_000);
  });

  it('the scaler’s first tick writes the first agreement and group and enters the region', async () => {
    expect(await scaler.invoke(scheduled('Slots'))).toEqual({ status: 'done' });
    expect((await api('GET', '/v1/slas/default', { authorization: asIam })).body).toMatchObject({ targetMs: 800 });
    expect((await api('GET', '/v1/regions')).body.regions).toEqual([
      { id: home, geography: 'europe', endpoint: gateway.endpoint },
    ]);
    await expect(scaler.invoke({ schedule: 'Sometimes' })).rejects.toThrow(/schedule/);
    const late = new Date(Date.now() - 2 * slotMs).toISOString();
    expect(await scaler.invoke({ schedule: 'Looks', scheduledTime: late })).toEqual({ status: 'stale' });
  });

  it('admin routes are for IAM, device routes for known keys, which stop with their row', async () => {
    expect((await api('GET', '/v1/status')).status).toBe(403);
    expect((await api('POST', '/v1/placements', { body: { appId: 'spin' } })).status).toBe(401);
    const authorization = `Bearer ${deviceKey}`;
    expect((await api('POST', '/v1/placements', { body: { appId: 'spin' }, authorization })).status).toBe(401);
    await writeConfigRow({
      pk: { S: 'device-key' },
      sk: { S: createHash('sha256').update(deviceKey).digest('hex') },
      keyId: { S: 'phone-1' },
    });
    expect((await api('POST', '/v1/placements', { body: { appId: 'spin' }, authorization })).body.type).toContain(
      'unknown-app',
    );
  });

  it('an app is registered and its bundle lies in the region’s bucket', async () => {
    const { zip } = await packDirectory(join(projectRoot, 'apps', 'spin'));
    const registered = await api('POST', '/v1/bundles', { zip, authorization: asIam });
    expect(registered).toMatchObject({ status: 201, body: { id: 'spin' } });
    expect((await api('GET', '/v1/apps/spin', { authorization: asIam })).status).toBe(200);
  });

  it('prices that moto makes up are not believed, and a source that is absent leaves the last good ones', async () => {
    const prices = await deployed.start('prices');
    expect(await prices.invoke(scheduled('Prices'))).toMatchObject({
      failedSources: places.map((place) => `on-demand ${place}`),
      setAside: expect.arrayContaining([
        expect.objectContaining({
          key: expect.stringContaining(`${type}@${home}/spot#${home}`),
          receivedUsdPerHour: 0.00001,
        }),
      ]),
    });
  });

  it('an interruption of a machine that is not ours changes nothing', async () => {
    expect(await interruptions.invoke(interruptionOf('i-00000000000000000', home))).toEqual({ outcome: 'not-ours' });
  });
});

interface Call {
  requestId: string;
  /** Of its end, and how long it took. */
  atMs: number;
  totalMs?: number;
  ok: boolean;
  ranOn?: { where: 'local' | 'remote'; vmId?: string };
  attempts?: { target: string; outcome: string }[];
  error?: string;
}

describe('the full loop', () => {
  // Once: a second try would find the machines and the load of the first.
  const story =
    'rents as load rises, plans around a data centre without capacity and a lost spot machine, and ends with an empty account';
  it(story, { retry: 0, timeout: 3_600_000 }, async () => {
    const parameters = ['arm64', 'x86_64'].map((architecture) => `/imagebuilder/oaas/europe/${architecture}`);
    await deployed.moto.python('image-built.py', Object.fromEntries(places.map((place) => [place, parameters])));
    await put('group', 'general', group);
    // The median: what is planned for falls with the load at once, as a test cannot wait for hours.
    await put('sla', 'default', { id: 'default', targetMs: 420, forecastQuantile: 0.5 });
    hypervisor = await startHypervisor({ awsEndpoint: deployed.moto.endpoint, places, certPem: gateway.certPem });
    const devices = startDevices();
    const ticks = startTicks();

    // Light load: from nothing to the first machine.
    devices.rate(0.6);
    await until('the first remote answer', 400_000, () => remote(devices.calls)[0] ?? null);

    // Load rises while the data centre that is cheapest has no capacity left.
    const empty = (hypervisor.booted[0]?.place ?? home) as string;
    await deployed.moto.setEmptyZones(['a', 'b', 'c'].map((zone) => `${empty}${zone}`));
    const other = places.find((place) => place !== empty)!;
    devices.rate(2.5);
    const spot = await until('a spot machine that serves in the other data centre', 600_000, () => {
      const serves = (id: string) => remote(devices.calls).some((call) => vmOf(call)?.startsWith(id));
      const machines = hypervisor.running().filter((machine) => machine.spot && machine.place === other);
      return machines.find((machine) => serves(machine.id)) ?? null;
    });

    // EC2 takes the spot machine back: notice first, the machine a little later (two minutes on EC2).
    const noticeMs = Date.now();
    expect(await interruptions.invoke(interruptionOf(spot.id, spot.place))).toEqual({ outcome: 'cordoned' });
    await sleep(20_000);
    await deployed.moto.python('instances.py', { terminate: { [spot.place]: spot.id } });
    await until('its agent is gone', 150_000, () => (hypervisor.running().includes(spot) ? null : true));
    const servedSince = remote(devices.calls).length;
    await until('others serve', 300_000, () => (remote(devices.calls).length > servedSince + 3 ? true : null));

    // Nobody calls any more.
    await devices.stop();
    await until('an empty account', 900_000, () => (hypervisor.running().length === 0 ? true : null));
    await ticks.stop();

    const left = await deployed.moto.inventory(...places);
    const alive = places.flatMap((place) => left[place]!.instances.filter((vm) => vm.state !== 'terminated'));
    expect(alive).toEqual([]);
    expect(hypervisor.failures).toEqual([]);

    // One outcome per request: ran on one machine, or on the device.
    const ids = devices.calls.map((call) => call.requestId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(devices.asked());
    expect(devices.calls.filter((call) => !call.ok)).toEqual([]);
    for (const call of devices.calls) {
      const won = call.attempts?.filter((attempt) => attempt.outcome === 'ok') ?? [];
      expect(won.length).toBe(1);
    }
    expect(remote(devices.calls).length).toBeGreaterThan(20);
    // Cordoned is cordoned: nothing that began 5 s after the notice or later went there.
    const beganMs = (call: Call) => call.atMs - (call.totalMs ?? 0);
    const afterNotice = remote(devices.calls).filter(
      (call) => vmOf(call)?.startsWith(spot.id) && beganMs(call) > noticeMs + 5_000,
    );
    expect(afterNotice).toEqual([]);

    // The decision log knows every machine, and why it was rented.
    const { body } = await api('GET', `/v1/slots?from=0&to=${Date.now() + slotMs}`, { authorization: asIam });
    const { slots } = slotsResponseSchema.parse(body);
    const explained = slots.flatMap(({ body: slot }) => slot.outcome.launched.flatMap(({ vmIds }) => vmIds));
    for (const machine of hypervisor.booted) expect(explained).toContain(`${machine.id}-${machine.place}`);
    expect(new Set(explained).size).toBe(explained.length);
    for (const { body: slot } of slots.filter(({ body: s }) => s.outcome.launched.length > 0)) {
      const launches = slot.plan.actions.filter((action) => action.do === 'launch');
      expect(launches.length).toBeGreaterThan(0);
      expect(launches.every((action) => action.why.length > 0)).toBe(true);
    }
    const faults = slots.flatMap(({ body: slot }) => slot.outcome.faults);
    expect(faults.some((fault) => fault.detail.includes('InsufficientInstanceCapacity'))).toBe(true);
    const told = faults.filter((fault) => fault.kind === 'interrupted').map((fault) => fault.detail);
    expect(told).toEqual([expect.stringContaining(spot.id)]);
    const ended = slots.flatMap(({ body: slot }) => slot.outcome.terminated);
    expect(ended.length).toBeGreaterThan(0);

    // Each slot was planned once, by whichever tick was the last in time for it, as launches took.
    const planned = slots.filter(({ body: s }) => s.kind === 'slot').map((s) => `${s.poolId} ${s.slotStartMs}`);
    expect(new Set(planned).size).toBe(planned.length);
    const { bootTimes, leadS } = await scaling();
    const launches = bootTimes[`${type}/launch`];
    const measured = launches !== undefined && launches.boots >= 3;
    expect(leadS).toBe(measured ? Math.min(0.9 * (slotMs / 1000), Math.max(1, launches.p90S)) : leadMs / 1000);

    // Devices asked the classifier first and the group's own controller from then on.
    expect(gateway.served.get('POST /v1/placements')).toBeGreaterThan(0);
    expect(gateway.served.get('POST /v1/groups/general/placements')).toBeGreaterThan(5);
  });

  it('keeps an initialised machine stopped, starts it before it launches, and ends it when none is wanted', async () => {
    await deployed.moto.setEmptyZones([]);
    const kept = { ...group, purchaseOptions: ['on-demand'], maxSpotShare: 0, minVms: 1, warmVms: 1 };
    const instances = async (state: string) => {
      const now = await deployed.moto.inventory(...places);
      return places.flatMap((place) => now[place]!.instances.filter((vm) => vm.state === state));
    };
    await put('group', 'general', kept);
    const ticks = startTicks();

    // One serves; one boots, says that it is ready, and is stopped with its disk.
    const [warm] = await until('a stopped machine', 180_000, async () => {
      const stopped = await instances('stopped');
      return stopped.length === 1 && hypervisor.running().length === 1 ? stopped : null;
    });
    const bootsOf = (id: string) => hypervisor.booted.filter((machine) => machine.id === id).length;
    expect(bootsOf(warm!.id)).toBe(1);

    // Two are wanted: the second is the stopped one, not a new one.
    await put('group', 'general', { ...kept, minVms: 2 });
    await until('the stopped machine serves', 120_000, () => (bootsOf(warm!.id) === 2 ? true : null));
    const { bootTimes } = await until('its start is measured', 60_000, async () => {
      const status = await scaling();
      return status.bootTimes[`${type}/start`] === undefined ? null : status;
    });
    expect(bootTimes[`${type}/start`]).toMatchObject({ boots: 1 });
    const { body } = await api('GET', `/v1/slots?from=0&to=${Date.now() + slotMs}`, { authorization: asIam });
    const started = slotsResponseSchema
      .parse(body)
      .slots.filter(({ body: slot }) =>
        slot.outcome.launched.some(({ vmIds }) => vmIds.some((vmId) => vmId.startsWith(warm!.id))),
      );
    // As a machine of the warm pool it was nobody's launch.
    expect(started.map(({ body: slot }) => slot.plan.actions.map((action) => action.do))).toEqual([
      expect.arrayContaining(['start']),
    ]);

    await put('group', 'general', { ...kept, minVms: 0, warmVms: 0 });
    await until('an empty account', 240_000, async () => {
      const left = await Promise.all(['pending', 'running', 'stopping', 'stopped'].map(instances));
      return left.flat().length === 0 ? true : null;
    });
    await ticks.stop();
    expect(hypervisor.failures).toEqual([]);
  });
});

/** The region's status as an operator sees it. */
async function scaling() {
  return statusResponseSchema.parse((await api('GET', '/v1/status', { authorization: asIam })).body).scaling;
}

const remote = (calls: readonly Call[]): Call[] => calls.filter((call) => call.ranOn?.where === 'remote');
const vmOf = (call: Call): string | undefined => call.ranOn?.vmId;

/** EC2's own event, as EventBridge hands it to the function. */
const interruptionOf = (id: string, region: string) => ({
  version: '0',
  id: '12345678-1234-1234-1234-123456789012',
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  source: 'aws.ec2',
  account: '123456789012',
  time: new Date().toISOString(),
  region,
  resources: [`arn:aws:ec2:${region}a:instance/${id}`],
  detail: { 'instance-id': id, 'instance-action': 'terminate' },
});

async function put(kind: string, id: string, document: object): Promise<void> {
  const answer = await api('PUT', `/v1/${kind}s/${id}`, { body: document, authorization: asIam });
  if (answer.status !== 200) throw new Error(`${kind} ${id}: ${JSON.stringify(answer)}`);
}

/** The first machine is on-demand, as spot alone may not carry all; the next may be spot. */
const group = {
  id: 'general',
  runtimes: ['node'],
  memoryMiB: 1_024,
  vcpus: 2,
  instanceTypes: [type],
  purchaseOptions: ['on-demand', 'spot'],
  maxSpotShare: 0.5,
  minVms: 0,
  maxVms: 6,
  dispatch: { mode: 'snapshot' },
};

/** The catalogue, and spot at 40 % of it: moto knows no prices. */
async function writePrices(): Promise<void> {
  const client = createDynamoDbClient({ region: home, endpoint: deployed.moto.endpoint });
  const store = createPriceStore(client, 'oaas-config');
  for (const place of places) {
    const book = catalogueBook(place);
    const listed = Object.values(book.entries).filter((entry) => entry.instanceType === type);
    const spots = listed.map((e) => ({ ...e, purchaseOption: 'spot' as const, usdPerHour: e.usdPerHour * 0.4 }));
    const entries = [...listed, ...spots].map((entry) => ({ ...entry, confirmedAtMs: Date.now() }));
    await store.write(place, {
      ...book,
      entries: Object.fromEntries(entries.map((entry) => [priceKey(entry), entry])),
    });
  }
  client.destroy();
}

async function writeConfigRow(Item: Record<string, { S: string }>): Promise<void> {
  const client = createDynamoDbClient({ region: home, endpoint: deployed.moto.endpoint });
  await client.send(new PutItemCommand({ TableName: 'oaas-config', Item }));
  client.destroy();
}

/** The deployed schedules, faster: the slot's tick a boot before it begins, a look every few seconds. */
function startTicks(): { stop(): Promise<void> } {
  let stopped = false;
  let dueMs = Math.ceil((Date.now() + leadMs) / slotMs) * slotMs - leadMs;
  const ticking = (async () => {
    while (!stopped) {
      const slot = Date.now() >= dueMs;
      if (slot) dueMs = Math.ceil((Date.now() + leadMs + 1) / slotMs) * slotMs - leadMs;
      // A run that failed is a line of the log; the next tick comes anyway, as it does on AWS.
      await scaler.invoke(scheduled(slot ? 'Slots' : 'Looks')).catch(() => {});
      await sleep(2_500);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await ticking;
    },
  };
}

function startDevices() {
  const child = spawn(process.execPath, ['--import', 'tsx', join(projectRoot, 'test/aws/devices-process.ts')], {
    cwd: projectRoot,
    env: {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: hypervisor.certFile,
      OAAS_TEST_ENDPOINT: gateway.endpoint,
      OAAS_TEST_KEY: deviceKey,
      OAAS_TEST_CPU_MS: '200',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const calls: Call[] = [];
  let asked = 0;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const entry = JSON.parse(line) as Call | { asked: number };
    if ('asked' in entry) asked = entry.asked;
    else calls.push(entry);
  });
  return {
    calls,
    /** Known once stopped. */
    asked: () => asked,
    rate: (perS: number) => child.stdin.write(`rate ${perS}\n`),
    async stop() {
      child.stdin.write('stop\n');
      await ended;
    },
  };
}
