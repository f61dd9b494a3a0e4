import { fork } from 'node:child_process';
import { createDynamoDbClient } from '../lib/adapters/aws/dynamodb-client.ts';
import { createDynamoDbStateStore } from '../lib/adapters/aws/dynamodb-state-store.ts';
import { createTables } from '../lib/adapters/aws/dynamodb-tables.ts';
import type { StateStore } from '../lib/ports/state-store.ts';
import type { Heartbeat, Occupancy } from '../lib/ports/vm.ts';
import type { Bench } from './row.ts';

const cellCounts = [1, 10, 50] as const;
const vmsPerCell = 50;
const connections = 16;
/** About what a P-256 certificate takes. */
const certPem = 'x'.repeat(700);

interface Sut {
  cells: number;
  state: StateStore;
  poolId: string;
  vms: { vmId: string; cell: number }[];
  rows: Map<string, Occupancy>;
  /** Gathered over all rounds. */
  writesPerS: number[];
  cellReadMs: number[];
  poolReadMs: number[];
}

/**
 * The state store's adapter on the embedded DynamoDB, a process of its own, with pools of 1, 10 and 50 cells of 50 VMs, in turns: what a
 * controller does to reserve, what it reads of a cell, and what it reads of the whole pool.
 */
export const bench: Bench = async ({ quick, onProgress }) => {
  const database = fork('lib/adapters/local/dynalite-process.ts', [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const endpoint = await new Promise<string>((resolve, reject) => {
      database.once('message', (message: { endpoint?: string }) => resolve(String(message.endpoint)));
      database.once('exit', (code) => reject(new Error(`the database ended with ${code}`)));
    });
    const client = createDynamoDbClient({ region: 'local', endpoint });
    const suts: Sut[] = [];
    for (const cells of cellCounts) {
      const table = `store-${cells}`;
      await createTables(client, [table]);
      suts.push(await seed(createDynamoDbStateStore(client, table), cells));
      onProgress?.(`${cells * vmsPerCell} VMs written`);
    }
    const rounds = quick ? 1 : 5;
    const seconds = quick ? 0.3 : 2;
    for (const sut of suts) await reserve(sut, seconds / 2);
    for (let round = 0; round < rounds; round++) {
      for (const sut of suts) {
        sut.writesPerS.push(await reserve(sut, seconds));
        sut.cellReadMs.push(
          ...(await timed(quick ? 5 : 40, () => sut.state.listOccupancy(sut.poolId, round % sut.cells))),
        );
        sut.poolReadMs.push(...(await timed(quick ? 1 : 3, () => readPool(sut))));
      }
      onProgress?.(`round ${round + 1} of ${rounds}`);
    }
    client.destroy();
    return suts.flatMap((sut) => rowsOf(sut, suts[0]!));
  } finally {
    database.kill();
  }
};

function rowsOf(sut: Sut, one: Sut): Awaited<ReturnType<Bench>> {
  const what = `${sut.cells} ${sut.cells === 1 ? 'cell' : 'cells'} (${sut.vms.length} VMs)`;
  const writes = median(sut.writesPerS);
  const cell = median(sut.cellReadMs);
  const pool = median(sut.poolReadMs);
  if (sut === one) {
    return [
      {
        name: `${what}: reservations`,
        value: writes,
        unit: '/s',
        note: `${connections} at a time, one conditional write each`,
      },
      { name: `${what}: one cell's occupancy, p50`, value: cell, unit: 'ms' },
      { name: `${what}: rows and heartbeats of the whole pool, p50`, value: pool, unit: 'ms' },
    ];
  }
  return [
    {
      name: `${what}: reservations / those of 1 cell`,
      value: writes / median(one.writesPerS),
      unit: 'x',
      bar: { atLeast: 0.8 },
      note: `${Math.round(writes).toLocaleString('en')} /s`,
    },
    {
      name: `${what}: one cell's occupancy / that of 1 cell`,
      value: cell / median(one.cellReadMs),
      unit: 'x',
      bar: { atMost: 1.5 },
      note: `${cell.toFixed(2)} ms`,
    },
    {
      name: `${what}: the whole pool / that of 1 cell, per VM`,
      value: pool / median(one.poolReadMs) / sut.cells,
      unit: 'x',
      bar: { atMost: 1.5 },
      note: `${pool.toFixed(1)} ms: every controller reads the whole pool`,
    },
  ];
}

async function seed(state: StateStore, cells: number): Promise<Sut> {
  const poolId = 'r1.general.default';
  const vms = Array.from({ length: cells * vmsPerCell }, (_, i) => ({
    vmId: `i-${String(i).padStart(17, '0')}-eu-central-1`,
    cell: Math.floor(i / vmsPerCell),
  }));
  await inParallel(vms, async ({ vmId, cell }) => {
    await state.putVm({
      vmId,
      poolId,
      cell,
      type: { id: 'c7g.large', cores: 2, memoryMiB: 4096, coreSpeed: 1 },
      dataCentre: 'eu-central-1',
      purchaseOption: 'on-demand',
      priceUsdPerHour: 0.08,
      networkMs: 0,
      sharingLimit: 8,
      queueLimit: 16,
      state: 'ready',
      cordoned: false,
      intentId: 'intent',
      launchedAtMs: 0,
      readyAtMs: 0,
      drainingSinceMs: null,
      terminatedAtMs: null,
    });
    await state.putHeartbeat(heartbeatOf(vmId));
  });
  const rows = new Map(
    vms.map(({ vmId }) => [vmId, { vmId, bootNonce: 'boot', issuedByBucket: { 1: 1, 2: 1 }, version: 0 }]),
  );
  const sut: Sut = { cells, state, poolId, vms, rows, writesPerS: [], cellReadMs: [], poolReadMs: [] };
  await inParallel(vms, (vm) => reserveOn(sut, vm));
  return sut;
}

const heartbeatOf = (vmId: string): Heartbeat => ({
  vmId,
  bootNonce: 'boot',
  url: 'https://192.0.2.1:8443',
  certPem,
  certSha256: 'ab'.repeat(32),
  atMs: 0,
  sequence: 1,
  state: 'ready',
  running: 1,
  waiting: 0,
  claimedByBucket: { 1: 1, 2: 1 },
  completed: 100,
  responseSumMs: 1,
  refused: 0,
  handedOff: 0,
  demandByApp: {},
  bootMs: 1,
  isolation: 'bubblewrap',
});

async function reserveOn(sut: Sut, { vmId, cell }: Sut['vms'][number]): Promise<void> {
  const row = sut.rows.get(vmId)!;
  const next = { ...row, version: row.version + 1 };
  const outcome = await sut.state.casOccupancy(sut.poolId, cell, next);
  if (!outcome.ok) throw new Error(`reservation on ${vmId} refused at version ${next.version}`);
  sut.rows.set(vmId, next);
}

/** Reservations per second; each connection has VMs of its own, so that nobody meets another's write. */
async function reserve(sut: Sut, seconds: number): Promise<number> {
  const startMs = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const own = sut.vms.filter((__, i) => i % connections === connection);
      for (let i = 0; performance.now() < startMs + seconds * 1000; i++) {
        await reserveOn(sut, own[(i * 7) % own.length]!);
        done += 1;
      }
    }),
  );
  return (done * 1000) / (performance.now() - startMs);
}

async function readPool({ state, poolId, vms }: Sut): Promise<void> {
  const rows = await state.listPoolVms(poolId);
  const beats = await state.getHeartbeats(rows.map((vm) => vm.vmId));
  if (beats.size !== vms.length) throw new Error(`${beats.size} of ${vms.length} heartbeats read`);
}

async function timed(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < times; i++) {
    const startMs = performance.now();
    await work();
    took.push(performance.now() - startMs);
  }
  return took;
}

async function inParallel<T>(all: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...all];
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
    }),
  );
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
