import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { createDynamoDbClient } from '../lib/adapters/aws/dynamodb-client.ts';
import { createDynamoDbConfigStore } from '../lib/adapters/aws/dynamodb-config-store.ts';
import { createDynamoDbStateStore } from '../lib/adapters/aws/dynamodb-state-store.ts';
import { createTables } from '../lib/adapters/aws/dynamodb-tables.ts';
import { configTableName, stateTableName } from '../lib/adapters/aws/keys.ts';
import { buildEntry } from '../lib/local/build-entry.ts';
import { appSchema, groupSchema, slaSchema } from '../lib/ports/contracts/config.ts';
import { paths } from '../lib/ports/contracts/wire.ts';
import type { StateStore } from '../lib/ports/state-store.ts';
import { type Answer, RawConnection, rawPost } from './placement/raw-http.ts';
import type { Bench } from './row.ts';

const vmsPerPool = 20;
const regionId = 'r1';
const modes = ['exact', 'snapshot', 'session'] as const;

/**
 * Placements of one region process over HTTP with keep-alive: classify, choose (exact: reserve on the embedded DynamoDB), sign.
 * Database and region are processes of their own, this one generates the load.
 */
export const bench: Bench = async ({ quick, onProgress }) => {
  const children: ChildProcess[] = [];
  try {
    const database = await start(children, 'lib/adapters/local/dynalite-process.ts', []);
    const endpoint = String(database.endpoint);
    const client = createDynamoDbClient({ region: 'local', endpoint });
    await createTables(client, [configTableName, stateTableName(regionId)]);
    const state = createDynamoDbStateStore(client, stateTableName(regionId));
    await seed(createDynamoDbConfigStore(client), state);
    const beats = setInterval(() => void reportAll(state).catch(() => {}), 2_000);
    const key = randomBytes(12).toString('hex');
    const region = await start(children, 'bench/placement/region-process.ts', [endpoint, key]);
    const port = Number(region.port);
    const seconds = quick ? 1 : 8;
    const request = (mode: string) => rawPost(paths.placements, key, { appId: `app-${mode}`, method: 'run' });
    onProgress?.('warming up');
    for (const mode of modes) await throughput(port, request(mode), 32, quick ? 0.5 : 3);
    onProgress?.('exact at 200/s');
    const latencies = await openLoop(port, request('exact'), 200, seconds);
    onProgress?.('exact, as fast as it goes');
    const exact = await throughput(port, request('exact'), 32, seconds);
    onProgress?.('snapshot, as fast as it goes, in turns with a bare server');
    const bytes = await answerBytes(port, request('snapshot'));
    const bare = await start(children, 'bench/placement/bare-process.ts', [String(bytes)]);
    const snapshots: number[] = [];
    const bares: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      bares.push(await throughput(Number(bare.port), request('snapshot'), 32, seconds / 4));
      snapshots.push(await throughput(port, request('snapshot'), 32, seconds / 4));
    }
    const snapshot = mean(snapshots);
    onProgress?.('session, as fast as it goes');
    const session = await throughput(port, request('session'), 32, seconds / 2);
    clearInterval(beats);
    client.destroy();
    const note =
      "classify, reserve on the embedded DynamoDB, sign; open loop, Poisson; the IoT paper's front-end took 150 ms";
    return [
      {
        name: 'exact placement at 200/s, p50',
        value: percentile(latencies, 0.5),
        unit: 'ms',
        bar: { atMost: 5 },
        note,
      },
      { name: 'exact placement at 200/s, p99', value: percentile(latencies, 0.99), unit: 'ms', bar: { atMost: 20 } },
      {
        name: 'snapshot placements of one region process',
        value: snapshot,
        unit: '/s',
        bar: { atLeast: 8_000 },
        note: `a bare node:http server that answers as many bytes: ${Math.round(mean(bares)).toLocaleString('en')} /s in the same run`,
      },
      {
        name: 'exact placements of one region process',
        value: exact,
        unit: '/s',
        bar: { atLeast: 500 },
        note: 'Agones states 76-127 allocations/s',
      },
      {
        name: 'session placements of one region process',
        value: session,
        unit: '/s',
        note: 'one per client and two minutes',
      },
    ];
  } finally {
    for (const child of children) child.kill();
  }
};

async function start(children: ChildProcess[], entry: string, args: string[]): Promise<Record<string, unknown>> {
  const file = await buildEntry(`bench-${basename(entry, '.ts')}`, entry);
  const child = fork(file, args, { execArgv: ['--no-warnings'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Record<string, unknown>));
    child.once('exit', (code) => reject(new Error(`${entry} ended with ${code} before it was ready`)));
  });
}

async function seed(config: ReturnType<typeof createDynamoDbConfigStore>, state: StateStore): Promise<void> {
  const nowMs = Date.now();
  await config.put('sla', 'default', slaSchema.parse({ id: 'default', targetMs: 500 }), { nowMs });
  for (const mode of modes) {
    // Told apart by memory, so that the classifier has something to decide.
    const memoryMiB = 1024 * (modes.indexOf(mode) + 1);
    const group = {
      id: mode,
      runtimes: ['node'],
      memoryMiB,
      vcpus: 4,
      dispatch: { mode },
      quotaPerPrincipalPerS: 1_000_000,
    };
    await config.put('group', mode, groupSchema.parse(group), { nowMs });
    const app = {
      id: `app-${mode}`,
      digest: 'ab'.repeat(32),
      bundleBytes: 1,
      manifest: {
        id: `app-${mode}`,
        version: '1.0.0',
        runtime: 'node',
        entry: 'main.js',
        methods: { run: { demandS: 0.001 } },
        requirements: { memoryMiB },
      },
    };
    await config.put('app', app.id, appSchema.parse(app), { nowMs });
    for (let i = 0; i < vmsPerPool; i++) {
      await state.putVm({
        vmId: `${mode}-${i}`,
        poolId: `${regionId}.${mode}.default`,
        cell: 0,
        type: { id: 'bench.large', cores: 2, memoryMiB: 8192, coreSpeed: 1 + (i % 3) / 2 },
        dataCentre: 'r1',
        purchaseOption: 'on-demand',
        priceUsdPerHour: 0.1,
        networkMs: 0,
        sharingLimit: 16,
        // Nobody claims in this benchmark: room for every reservation that two seconds can see.
        queueLimit: 10_000,
        state: 'ready',
        cordoned: false,
        intentId: 'bench',
        launchedAtMs: nowMs,
        readyAtMs: nowMs,
        drainingSinceMs: null,
        terminatedAtMs: null,
      });
    }
  }
  await reportAll(state);
}

/** As long as a P-256 certificate is, which every answer carries per candidate. */
const certificate = `-----BEGIN CERTIFICATE-----\n${randomBytes(380).toString('base64')}\n-----END CERTIFICATE-----\n`;
let sequence = 0;

async function reportAll(state: StateStore): Promise<void> {
  sequence++;
  for (const mode of modes) {
    for (let i = 0; i < vmsPerPool; i++) {
      await state.putHeartbeat({
        vmId: `${mode}-${i}`,
        bootNonce: 'boot',
        url: 'https://127.0.0.1:9',
        certPem: certificate,
        certSha256: 'cd'.repeat(32),
        atMs: Date.now(),
        sequence,
        state: 'ready',
        running: i % 3,
        waiting: 0,
        claimedByBucket: {},
        completed: 0,
        refused: 0,
        handedOff: 0,
        demandByApp: {},
        bootMs: 1,
        isolation: 'process',
      });
    }
  }
}

async function answerBytes(port: number, request: Buffer): Promise<number> {
  const connection = await RawConnection.open(port);
  const answer = await connection.send(request);
  connection.close();
  return Buffer.byteLength(answer.body);
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Closed loop: each connection sends the next request when its answer is there. Only placements count, refusals do not. */
async function throughput(port: number, request: Buffer, connections: number, seconds: number): Promise<number> {
  const open = await Promise.all(Array.from({ length: connections }, () => RawConnection.open(port)));
  const endMs = performance.now() + seconds * 1000;
  const startMs = performance.now();
  let done = 0;
  let refused: Answer | null = null;
  await Promise.all(
    open.map(async (connection) => {
      while (performance.now() < endMs) {
        const answer = await connection.send(request);
        if (answer.status === 200) done++;
        else refused = answer;
      }
    }),
  );
  if (done === 0 && refused !== null) expectPlaced(refused);
  const elapsedS = (performance.now() - startMs) / 1000;
  for (const connection of open) connection.close();
  return done / elapsedS;
}

/**
 * Open loop, Poisson arrivals; latency counts from the time a request was due, so that a stall is not hidden. A request that the region gives
 * up because its store is late (503 after 0.9 s) counts with its time: a machine too slow for the rate has figures, too.
 */
async function openLoop(port: number, request: Buffer, ratePerS: number, seconds: number): Promise<number[]> {
  const idle: RawConnection[] = await Promise.all(Array.from({ length: 32 }, () => RawConnection.open(port)));
  const all = [...idle];
  const latencies: number[] = [];
  const pending: Promise<void>[] = [];
  const startMs = performance.now();
  let dueMs = startMs;
  while (dueMs < startMs + seconds * 1000) {
    dueMs += (-Math.log(1 - Math.random()) / ratePerS) * 1000;
    const waitMs = dueMs - performance.now();
    if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const connection = idle.pop() ?? (await RawConnection.open(port));
    if (!all.includes(connection)) all.push(connection);
    const due = dueMs;
    const placed = connection.send(request).then((answer) => {
      latencies.push(performance.now() - due);
      if (answer.status !== 503) expectPlaced(answer);
      idle.push(connection);
    });
    // Waited for below; until then a refusal is not an unhandled one.
    placed.catch(() => {});
    pending.push(placed);
  }
  await Promise.all(pending);
  for (const connection of all) connection.close();
  return latencies.sort((a, b) => a - b);
}

function expectPlaced(answer: Answer): void {
  if (answer.status !== 200) throw new Error(`request refused: ${answer.status} ${answer.body.slice(0, 300)}`);
}

const percentile = (sorted: readonly number[], p: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? Number.NaN;
