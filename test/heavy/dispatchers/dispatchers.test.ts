/**
 * Four region processes over one embedded DynamoDB, four client processes of which half are killed in the middle of their work.
 * The agents do not guard their limits here: the reservations alone must keep them.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { createDynamoDbClient } from '../../../lib/adapters/aws/dynamodb-client.ts';
import { createDynamoDbConfigStore } from '../../../lib/adapters/aws/dynamodb-config-store.ts';
import { createDynamoDbStateStore } from '../../../lib/adapters/aws/dynamodb-state-store.ts';
import { createTables } from '../../../lib/adapters/aws/dynamodb-tables.ts';
import { configTableName, stateTableName } from '../../../lib/adapters/aws/keys.ts';
import { buildEntry } from '../../../lib/local/build-entry.ts';
import { groupSchema, slaSchema } from '../../../lib/ports/contracts/config.ts';
import { reservationBucketMs, reservationTtlMs } from '../../../lib/ports/contracts/ticket.ts';
import { sampleApp } from '../../support/test-region.ts';
import { type FleetVm, startFleet } from './fleet.ts';

const dispatchers = 4;
const clients = 4;
/** Longer than a placement takes, or four clients would never fill the machines. */
const meanTaskMs = 100;
const vms: FleetVm[] = [
  { vmId: 'vm-a', sharingLimit: 1, queueLimit: 1 },
  { vmId: 'vm-b', sharingLimit: 2, queueLimit: 2 },
  { vmId: 'vm-c', sharingLimit: 4, queueLimit: 0 },
];
const places = vms.reduce((sum, vm) => sum + vm.sharingLimit + vm.queueLimit, 0);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

async function start(
  name: string,
  entry: string,
  args: string[],
): Promise<{ child: ChildProcess; messages: unknown[] }> {
  const child = fork(await buildEntry(name, entry), args, { execArgv: ['--no-warnings'] });
  children.push(child);
  const messages: unknown[] = [];
  child.on('message', (message) => messages.push(message));
  return { child, messages };
}

async function startReady(name: string, entry: string, args: string[]): Promise<Record<string, unknown>> {
  const { child } = await start(name, entry, args);
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(message as Record<string, unknown>));
    child.once('exit', (code) => reject(new Error(`${entry} ended with ${code}`)));
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(20);
}

/**
 * Asks for three times the places there are, by principals that never come back.
 *
 * @returns how many were given; again from the start, all reservations expired, when an answer was lost to a slow machine
 */
async function fill(ports: readonly unknown[], keys: readonly string[]): Promise<number> {
  for (;;) {
    await pause(reservationTtlMs + 500);
    const startMs = performance.now();
    const statuses = await Promise.all(keys.map((key, i) => place(ports[i % ports.length], key)));
    expect(statuses.filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
    const inTime = performance.now() - startMs < reservationTtlMs - reservationBucketMs;
    if (inTime && !statuses.includes(503)) return statuses.filter((status) => status === 200).length;
  }
}

async function place(port: unknown, key: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/placements`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: '{"appId": "demo", "method": "run"}',
  });
  await response.text();
  return response.status;
}

describe('four dispatcher processes on one store', () => {
  const whole = 'keep every VM within N and N + queue limit, whatever becomes of the clients, and leak no place';
  it(whole, { retry: 0 }, async () => {
    // The promise presumes that clients come and reports are stored within fractions of a second. Where the machine stalled one of these
    // processes for longer, a VM over its limits says nothing, and all of it begins anew.
    let seen = await story();
    for (let attempt = 1; attempt < 4 && seen.over.length > 0 && seen.stalled; attempt++) seen = await story();
    expect(seen.over).toEqual([]);
  });
});

/** The VMs that went over their limits, and whether the machine kept the pace that the limits presume. */
async function story(): Promise<{ over: string[]; stalled: boolean }> {
  const database = await startReady('heavy-dynalite', 'lib/adapters/local/dynalite-process.ts', []);
  const endpoint = String(database.endpoint);
  const client = createDynamoDbClient({ region: 'local', endpoint });
  await createTables(client, [configTableName, stateTableName('r1')]);
  const state = createDynamoDbStateStore(client, stateTableName('r1'));
  const config = createDynamoDbConfigStore(client);
  const nowMs = Date.now();
  const group = { id: 'small', runtimes: ['node'], memoryMiB: 1024, vcpus: 4, dispatch: { mode: 'exact' } };
  await config.put('group', 'small', groupSchema.parse(group), { nowMs });
  await config.put('sla', 'default', slaSchema.parse({ id: 'default', targetMs: 100 }), { nowMs });
  await config.put('app', 'demo', sampleApp(), { nowMs });
  const fleet = await startFleet(state, 'r1.small.default', vms, meanTaskMs);
  const keys = Array.from({ length: places * 3 }, (_, i) => `key-${i}`);
  const ports = await Promise.all(
    Array.from({ length: dispatchers }, async (_, i) => {
      const ready = await startReady(`heavy-region`, 'bench/placement/region-process.ts', [endpoint, ...keys]);
      expect(ready.port, `dispatcher ${i}`).toBeGreaterThan(0);
      return ready.port;
    }),
  );
  const running = await Promise.all(
    Array.from({ length: clients }, (_, i) =>
      start('heavy-client', 'test/heavy/dispatchers/client-process.ts', [fleet.url, keys[i]!, ...ports.map(String)]),
    ),
  );
  // Driven to its limits, which takes all clients where placements are slow; or the bounds below would say nothing.
  const held = () => [...fleet.peaks.values()].reduce((sum, peak) => sum + peak.held, 0);
  await until(() => fleet.tasks() > 80 && held() >= places);
  for (const { child } of running.slice(0, clients / 2)) {
    const before = fleet.tasks();
    child.kill('SIGKILL');
    await until(() => fleet.tasks() > before + 80);
  }
  await until(() => fleet.tasks() > 300);
  for (const { child } of running.slice(clients / 2)) child.kill('SIGKILL');
  expect(running.flatMap(({ messages }) => messages)).toEqual([]);
  const over = vms.flatMap(({ vmId, sharingLimit, queueLimit }) => {
    const { running, held } = fleet.peaks.get(vmId)!;
    return running > sharingLimit || held > sharingLimit + queueLimit
      ? [`${vmId}: ${running} running, ${held} held`]
      : [];
  });
  const stalled = fleet.late() > 0 || fleet.slowestReportMs() > 300;
  await until(fleet.idle);
  expect(await fill(ports, keys)).toBe(places);
  expect(await fill(ports, keys)).toBe(places);
  await fleet.close();
  client.destroy();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  return { over, stalled };
}
