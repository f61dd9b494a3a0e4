import { afterEach, describe, expect, it } from 'vitest';
import { paths } from '../../../lib/ports/contracts/wire.ts';
import { CostModel } from '../../../sdk/typescript/src/cost-model.ts';
import { OaaS } from '../../../sdk/typescript/src/index.node.ts';
import { deviceKey, fakeAgent, fakeRegion } from '../../support/fake-region.ts';

describe('the cost model', () => {
  it('knows nothing at first and says so', () => {
    const costs = new CostModel();
    expect([costs.localMs(10), costs.serverMs(10), costs.cpuMs(10), costs.meanCpuMs]).toEqual([null, null, null, null]);
    expect(costs.ages(5)).toEqual({ localMs: null, remoteMs: null });
  });

  it('carries one size over to others: a device four times as slow, VMs twice', () => {
    const costs = new CostModel();
    costs.ranRemotely({ totalMs: 23, cloudMs: 20, cpuMs: 10 }, 100);
    costs.ranLocally(40, 10, 200);
    expect(costs.localMs(50)).toBeCloseTo(200, 9);
    expect(costs.serverMs(50)).toBeCloseTo(3 + 2 * 50, 9);
    expect(costs.cpuMs(80)).toBeCloseTo(20, 9);
    expect(costs.ages(250)).toEqual({ localMs: 50, remoteMs: 150 });
  });

  it('weighs a long run more than a short one, which the clock blurs', () => {
    const costs = new CostModel();
    costs.ranLocally(400, 100, 0);
    costs.ranLocally(9, 1, 1);
    // Decaying sums: (0.8 * 0.2 * 400 + 0.2 * 9) / (0.8 * 0.2 * 100 + 0.2 * 1)
    expect(costs.localMs(1)).toBeCloseTo((64 + 1.8) / (16 + 0.2), 9);
    costs.ranLocally(50, 0.01, 2);
    costs.ranLocally(50, null, 3);
    expect(costs.localMs(1)).toBeCloseTo((64 + 1.8) / (16 + 0.2), 9);
  });
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function client(network: () => string) {
  const agent = await fakeAgent('vm-1');
  cleanups.push(() => agent.stop());
  const region = await fakeRegion('eu', [agent]);
  cleanups.push(() => region.stop());
  const oaas = new OaaS({
    endpoints: [{ region: 'eu', url: region.url }],
    apiKey: deviceKey,
    probeIntervalMs: 0,
    network,
  });
  cleanups.push(() => oaas.close());
  await oaas.ready();
  return { agent, region, oaas };
}

describe('hints of the app', () => {
  it('measures the regions again when the network changes, and only then', async () => {
    let network = 'wifi';
    const { region, oaas } = await client(() => network);
    const echo = oaas.offload<number, number>('app', 'echo', (x: number) => x, { explore: false });
    for (let i = 0; i < 5; i++) await echo(i);
    // A first measurement is three pings, of which the client waits for one.
    await expect.poll(() => region.counts.get(paths.ping), { timeout: 60_000 }).toBe(3);
    const pings = region.counts.get(paths.ping)!;
    for (let i = 0; i < 5; i++) await echo(i);
    expect(region.counts.get(paths.ping)).toBe(pings);
    network = 'cellular';
    await echo(1);
    await expect.poll(() => region.counts.get(paths.ping)!, { timeout: 60_000 }).toBeGreaterThan(pings);
  });

  it('decides sizes of one method apart', async () => {
    const { agent, oaas } = await client(() => '');
    agent.behave = (task) => ({ result: 1, ms: 'json' in task.args && Number(task.args.json) > 5 ? 30 : 1_000 });
    const local = (x: number) => new Promise<number>((resolve) => setTimeout(resolve, x > 5 ? 2_000 : 0, 0));
    const solve = oaas.offload<number, number>('app', 'echo', local, {
      sizeOf: (x) => (Number(x) > 5 ? 'long' : 'short'),
    });
    // One remote and two local runs of each size, so that both sides are known.
    for (let i = 0; i < 3; i++)
      for (const x of [1, 9]) await solve.detailed(x, { prefer: i === 0 ? 'remote' : 'local' });
    for (let i = 0; i < 4; i++) {
      expect((await solve.detailed(1)).ranOn.where).toBe('local');
      expect((await solve.detailed(9)).ranOn.where).toBe('remote');
    }
  });
});
