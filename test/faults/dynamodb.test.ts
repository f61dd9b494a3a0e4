/** Several controllers place into one pool while DynamoDB throttles, loses answers, fails conditions and reads stale. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDbClient } from '../../lib/adapters/aws/dynamodb-client.ts';
import { createDynamoDbStateStore } from '../../lib/adapters/aws/dynamodb-state-store.ts';
import { createArrivals } from '../../lib/app/arrivals.ts';
import { createConfigCache } from '../../lib/app/config-cache.ts';
import { createPlacer, type Place, type PlaceOutcome } from '../../lib/app/place.ts';
import { groupSchema, slaSchema } from '../../lib/ports/contracts/config.ts';
import { startTestDynalite, type TestDynamoDb } from '../support/dynamodb.ts';
import { type FaultyDynamoDb, faultyDynamoDb, noFaults } from '../support/faulty-dynamodb.ts';
import { createMemoryConfig } from '../support/memory-config.ts';
import { createMemoryState } from '../support/memory-state.ts';
import { quantile } from '../support/neighbours.ts';
import { sampleHeartbeat, sampleVm } from '../support/samples.ts';
import { sampleApp } from '../support/test-region.ts';

const poolId = 'r1.small.default';
const controllers = 3;
const vms = 4;
const limits = { sharingLimit: 2, queueLimit: 3 };
const places = vms * (limits.sharingLimit + limits.queueLimit);

describe('placements while DynamoDB misbehaves', { retry: 0 }, () => {
  let database: TestDynamoDb;
  let faulty: FaultyDynamoDb;
  beforeAll(async () => {
    database = await startTestDynalite();
    faulty = await faultyDynamoDb(database.endpoint, 7);
  });
  afterAll(async () => {
    await faulty.close();
    await database.close();
  });

  /** Time stands still: no reservation expires, so whatever is placed twice shows. */
  const clock = { nowMs: () => 1_000_000_000_000, monotonicMs: () => performance.now() };

  async function attempt() {
    const table = await database.freshTable();
    const direct = createDynamoDbStateStore(database.client, table);
    for (let i = 0; i < vms; i++) {
      await direct.putVm(sampleVm({ vmId: `vm-${i}`, poolId, ...limits }));
      await direct.putHeartbeat(sampleHeartbeat({ vmId: `vm-${i}`, atMs: clock.nowMs() }));
    }
    const configStore = createMemoryConfig();
    const group = { id: 'small', runtimes: ['node'], memoryMiB: 1024, vcpus: 4, dispatch: { mode: 'exact' } };
    await configStore.put('group', 'small', groupSchema.parse(group), { nowMs: clock.nowMs() });
    await configStore.put('sla', 'default', slaSchema.parse({ id: 'default', targetMs: 1_000 }), {
      nowMs: clock.nowMs(),
    });
    await configStore.put('app', 'demo', sampleApp(), { nowMs: clock.nowMs() });
    const log = { info() {}, warn() {}, error() {} };
    const config = createConfigCache({ store: configStore, lastGood: createMemoryState(), clock, log });
    await config.ready();
    const clients = Array.from({ length: controllers }, () =>
      createDynamoDbClient({ region: 'local', endpoint: faulty.endpoint }),
    );
    const placers: Place[] = clients.map((client, c) => {
      const store = createDynamoDbStateStore(client, table);
      return createPlacer({
        regionId: 'r1',
        config,
        store,
        signer: { sign: async (claims) => JSON.stringify(claims), publicKeys: async () => [] },
        clock,
        arrivals: createArrivals(store, `c${c}`),
        randomId: () => 't',
        random: () => 0.3,
      });
    });
    faulty.faults = { throttled: 0.1, answerLost: 0.15, stale: 0.5, staleMs: 400, delayMs: 20 };
    const outcomes: { outcome: PlaceOutcome; tookMs: number }[] = [];
    let asked = 0;
    // More clients than places, from several controllers at once, in waves that overlap.
    await Promise.all(
      Array.from({ length: 12 }, async (_, client) => {
        for (let i = 0; i < 10; i++) {
          const beganMs = performance.now();
          const outcome = await placers[(client + i) % controllers]!(`client-${asked++}`, {
            appId: 'demo',
            method: 'run',
          });
          outcomes.push({ outcome, tookMs: performance.now() - beganMs });
        }
      }),
    );
    faulty.faults = noFaults;
    for (const client of clients) client.destroy();
    const byVm = new Map<string, number>();
    const problems = new Map<string, number>();
    for (const { outcome } of outcomes) {
      if (outcome.ok && outcome.response.decision === 'remote') {
        const vmId = outcome.response.candidates[0]!.vmId;
        byVm.set(vmId, (byVm.get(vmId) ?? 0) + 1);
      } else if (!outcome.ok) {
        const type = `${outcome.problem.status} ${outcome.problem.type.split('/').at(-1)}`;
        problems.set(type, (problems.get(type) ?? 0) + 1);
        expect(outcome.problem.retryAfterMs, type).toBeGreaterThan(0);
      }
    }
    return { byVm, problems, tookMs: outcomes.map((o) => o.tookMs) };
  }

  it('no place is given twice; every placement ends typed, p99 under 1 s', async () => {
    let p99Ms = Number.POSITIVE_INFINITY;
    // Again when the machine stalled: a placement has 900 ms, the rest is this process's own.
    for (let round = 0; round < 5 && p99Ms >= 1_000; round++) {
      const { byVm, problems, tookMs } = await attempt();
      for (const [vmId, count] of byVm)
        expect(count, vmId).toBeLessThanOrEqual(limits.sharingLimit + limits.queueLimit);
      const placed = [...byVm.values()].reduce((a, b) => a + b, 0);
      // A reservation whose answer was lost is nobody's: it costs places, it gives none away.
      expect(placed).toBeGreaterThan(places / 2);
      expect([...problems.keys()].filter((type) => !['429 saturated', '503 store-unavailable'].includes(type))).toEqual(
        [],
      );
      p99Ms = quantile(tookMs, 0.99);
    }
    expect(p99Ms).toBeLessThan(1_000);
    // The faults did happen.
    for (const [fault, count] of Object.entries(faulty.injected)) expect(count, fault).toBeGreaterThan(0);
  });

  it('with a DynamoDB that only throttles, devices are told so in time', async () => {
    const table = await database.freshTable();
    const client = createDynamoDbClient({ region: 'local', endpoint: faulty.endpoint });
    const store = createDynamoDbStateStore(client, table);
    faulty.faults = { ...noFaults, throttled: 1 };
    await expect(store.listPoolVms(poolId)).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    faulty.faults = noFaults;
    expect(await store.listPoolVms(poolId)).toEqual([]);
    client.destroy();
  });
});
