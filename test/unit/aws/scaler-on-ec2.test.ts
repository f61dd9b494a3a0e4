import { afterEach, describe, expect, it } from 'vitest';
import { scalingStatus } from '../../../lib/app/operate/scaling-status.ts';
import { scaleRegion } from '../../../lib/app/scaler/scale-region.ts';
import { slotBodySchema } from '../../../lib/ports/contracts/slot-record.ts';
import { createEc2World, ec2Offer, far, near } from '../../support/ec2-world.ts';
import { subnetOf } from '../../support/fake-ec2.ts';
import { createWorld } from '../../support/scaler-world.ts';

const here = ec2Offer('c7g.large');
const there = ec2Offer('c7g.large', { dataCentre: far, priceUsdPerHour: 0.1 });
const other = ec2Offer('c6a.large', { priceUsdPerHour: 0.085 });

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** The scaler over the EC2 adapter, the SDK's client and the fake EC2; a store in memory and a clock set by hand. */
async function regionOn(offers = [here, there], group: Record<string, unknown> = {}, budgetMs?: number) {
  const cloud = await createEc2World(offers, budgetMs);
  stops.push(cloud.stop);
  // The fake EC2 stamps its machines with real time.
  const world = createWorld({ offers: [], sla: { planner: 'static' }, group: { minVms: 2, ...group } });
  const slot = async (wanted: number) => {
    world.setGroup({ minVms: wanted });
    world.advance(20_000);
    for (const vm of world.liveRows()) {
      const state = vm.state === 'draining' ? 'drained' : 'ready';
      if (cloud.ec2.instances.get(vm.vmId.slice(0, 19))?.state === 'running') world.beat(vm.vmId, { state });
    }
    await scaleRegion({ ...world.deps('one'), provider: cloud.provider }, 'slot');
  };
  const running = () => [...cloud.ec2.instances.values()].filter((i) => i.state === 'running');
  const faults = () => slotBodySchema.parse(world.state.slots.at(-1)?.body).outcome.faults;
  return { cloud, world, slot, running, faults };
}

describe('the scaler on EC2', () => {
  it('plans around a data centre that hangs, in the same run and within its budget', async () => {
    const { cloud, world, slot, running, faults } = await regionOn([here, there], {}, 1_500);
    await slot(2);
    expect(running().map((i) => i.region)).toEqual([near, near]);
    cloud.ec2.silent.add(near);
    const startMs = performance.now();
    await slot(3);
    // One budget (1.5 s), not one per call and retry, which would be 45 s at least.
    expect(performance.now() - startMs).toBeLessThan(30_000);
    expect(running().map((i) => i.region)).toEqual([near, near, far]);
    expect(faults().map((f) => f.kind)).toContain('provider-unknown');
    expect(world.liveRows().filter((vm) => !vm.cordoned)).toHaveLength(3);
    cloud.ec2.silent.delete(near);
    await slot(3);
    expect(running()).toHaveLength(3);
  });

  it('takes what really came: another type stands in, its row says so, and nothing is launched twice', async () => {
    const { cloud, world, slot, running } = await regionOn([here, other]);
    for (const zone of ['a', 'b', 'c'])
      cloud.ec2.capacity.set(`c7g.large@${subnetOf(near, zone)}`, zone === 'a' ? 1 : 0);
    await slot(3);
    expect(running().map((i) => i.type)).toEqual(['c7g.large', 'c6a.large', 'c6a.large']);
    expect(world.liveRows().map((vm) => [vm.type.id, vm.priceUsdPerHour])).toEqual([
      ['c7g.large', 0.08],
      ['c6a.large', 0.085],
      ['c6a.large', 0.085],
    ]);
    await slot(3);
    expect(running()).toHaveLength(3);
    expect(cloud.callsOf('CreateFleet')).toHaveLength(1);
  });

  it('counts a spot machine at the price of the zone that it came in', async () => {
    const zonePricesUsdPerHour = { [`${near}a`]: 0.05, [`${near}b`]: 0.03, [`${near}c`]: 0.04 };
    const spot = ec2Offer('c7g.large', { purchaseOption: 'spot', priceUsdPerHour: 0.03, zonePricesUsdPerHour });
    const group = { purchaseOptions: ['on-demand', 'spot'], maxSpotShare: 1 };
    const { cloud, world, slot, running } = await regionOn([spot], group);
    cloud.ec2.capacity.set(`c7g.large@${subnetOf(near, 'b')}`, 1);
    await slot(2);
    expect(running().map((i) => i.subnet.at(-1))).toEqual(['b', 'c']);
    // The launch does not tell the zone, the next listing does.
    await slot(2);
    const rows = world.liveRows().map((vm) => [vm.zone, vm.priceUsdPerHour]);
    expect(rows).toEqual([
      [`${near}b`, 0.03],
      [`${near}c`, 0.04],
    ]);
    const { rentUsdPerHour, vms } = await scalingStatus({
      scaler: { ...world.deps('status'), provider: cloud.provider },
      geography: 'g',
      configFaults: () => [],
    });
    expect(rentUsdPerHour).toBeCloseTo(0.07, 9);
    expect(vms.map((vm) => vm.zone)).toEqual([`${near}b`, `${near}c`]);
    // Zone b is known to be empty: the next machine is planned at the price of zone c.
    await slot(3);
    const plan = slotBodySchema.parse(world.state.slots.at(-1)?.body).plan;
    expect(plan.costUsdPerHour).toBeCloseTo(3 * 0.04, 9);
    expect(running()).toHaveLength(3);
  });

  it('keeps a warm pool: launched, initialised, stopped, and started before anything is launched', async () => {
    const { cloud, world, slot, running } = await regionOn([here], { warmVms: 1 });
    for (let i = 0; i < 4; i++) await slot(1);
    const stopped = [...cloud.ec2.instances.values()].filter((i) => i.state === 'stopped');
    expect(stopped).toHaveLength(1);
    expect(running()).toHaveLength(1);
    const launches = cloud.callsOf('RunInstances').length;
    await slot(2);
    expect(running()).toHaveLength(2);
    expect(cloud.callsOf('StartInstances')).toHaveLength(1);
    expect(cloud.callsOf('RunInstances')).toHaveLength(launches);
    expect(world.liveRows().filter((vm) => !vm.cordoned)).toHaveLength(2);
  });
});
