import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInterruptionStore } from '../../../lib/adapters/aws/dynamodb-region-rows.ts';
import { createDynamoDbStateStore } from '../../../lib/adapters/aws/dynamodb-state-store.ts';
import { vmIdOf } from '../../../lib/adapters/aws/ec2/vm-id.ts';
import { createAgentClient } from '../../../lib/adapters/node/agent-client.ts';
import { cordonInterrupted } from '../../../lib/app/cordon-interrupted.ts';
import { createPoolView } from '../../../lib/app/pool-view.ts';
import { systemClock } from '../../../lib/local/system-clock.ts';
import { interruptionEventSchema } from '../../../lib/ports/contracts/schedule-event.ts';
import type { StateStore } from '../../../lib/ports/state-store.ts';
import { agentToken, type RunningAgent, runTask, TestRegion } from '../../support/agent-region.ts';
import { startTestDynalite, type TestDynamoDb } from '../../support/dynamodb.ts';
import { sampleVm } from '../../support/samples.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const home = 'eu-central-1';
const poolId = `${home}.general.default`;

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** As EventBridge delivers them (EC2 user guide, "Spot Instance interruption notices", "rebalance recommendations"). */
const eventOf = (detailType: string, instanceId: string, detail: object) => ({
  version: '0',
  id: '1e5527d7-bb36-4607-3370-4164db56a40e',
  'detail-type': detailType,
  source: 'aws.ec2',
  account: '123456789012',
  time: new Date().toISOString(),
  region: home,
  resources: [`arn:aws:ec2:${home}a:instance/${instanceId}`],
  detail: { 'instance-id': instanceId, ...detail },
});

describe('a machine that EC2 will take back', () => {
  let region: TestRegion;
  let database: TestDynamoDb;
  let digest: string;
  let table: string;
  let state: StateStore;
  const agents = createAgentClient({ agentToken });
  const log = { info() {}, warn() {}, error() {} };

  beforeAll(async () => {
    [region, database] = await Promise.all([TestRegion.start(), startTestDynalite()]);
    digest = await region.addApp(here('fixtures/unruly'));
    table = await database.freshTable();
    state = createDynamoDbStateStore(database.client, table);
  });
  afterAll(async () => {
    agents.close();
    await region.close();
    await database.close();
  });

  async function rent(instanceId: string): Promise<RunningAgent> {
    const vmId = vmIdOf(instanceId, home);
    await state.putVm(sampleVm({ vmId, poolId, purchaseOption: 'spot', dataCentre: home }));
    return region.startAgent({
      OAAS_VM_ID: vmId,
      OAAS_POOL_ID: poolId,
      OAAS_ISOLATION: 'process',
      OAAS_SHARING_LIMIT: '4',
      OAAS_EXACT: '1',
      OAAS_STATE_TABLE: table,
      OAAS_DYNAMODB_ENDPOINT: database.endpoint,
    });
  }

  it.each([
    ['EC2 Spot Instance Interruption Warning', 'i-0123456789abcdef0', { 'instance-action': 'terminate' }],
    ['EC2 Instance Rebalance Recommendation', 'i-0123456789abcdef1', {}],
  ])(
    'by %s gets no new work after 5 s, and is drained in under 120 s with its tasks finished',
    async (type, id, detail) => {
      const agent = await rent(id);
      const { vmId } = agent.ready;
      const view = createPoolView(poolId, { store: state, clock: systemClock });
      const placeable = async () => (await view.vms(100, false)).some((vm) => vm.record.vmId === vmId);
      await until(placeable);
      const ticket = region.ticket([agent], digest);
      // Under way until the test lets them end, however long the steps between take here.
      const gate = region.gate();
      const working = [0, 1].map(() => runTask(agent, ticket, 'gate', [gate.file], { deadlineMs: 300_000 }));
      await until(async () => (await state.getHeartbeats([vmId])).get(vmId)?.running === 2);

      const event = interruptionEventSchema.parse(eventOf(type, id, detail));
      const notice = { vmId: vmIdOf(event.detail['instance-id'], event.region), atMs: Date.parse(event.time) };
      const interruptions = createInterruptionStore(database.client, table);
      const noticedAtMs = performance.now();
      expect(await cordonInterrupted({ state, interruptions, agents, log }, notice)).toBe('cordoned');
      await until(async () => !(await placeable()));
      expect(performance.now() - noticedAtMs).toBeLessThan(5_000);
      // A ticket from before the notice buys nothing any more either.
      const late = await runTask(agent, ticket, 'echo', []);
      expect(late.status).toBe(503);
      expect(performance.now() - noticedAtMs).toBeLessThan(5_000);

      gate.open();
      const answers = await Promise.all(working);
      expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
      await until(async () => (await state.getHeartbeats([vmId])).get(vmId)?.state === 'drained');
      expect(performance.now() - noticedAtMs).toBeLessThan(120_000);
      expect(await interruptions.list(notice.atMs)).toContainEqual(notice);
      await agent.stop();
    },
  );

  it('learns of it from the region alone: the agent asks the metadata service for no notices', () => {
    const source = readFileSync(region.agentFile, 'utf8');
    expect(source).toContain('/v1/drain');
    expect(source).not.toMatch(/spot\/(instance-action|termination-time)|recommendations\/rebalance/);
  });
});
