import { describe, expect, it } from 'vitest';
import { scaleRegion } from '../../../lib/app/scaler/scale-region.ts';
import { slotBodySchema } from '../../../lib/ports/contracts/slot-record.ts';
import { createWorld, offerOf, poolId, type World, type WorldOptions } from '../../support/scaler-world.ts';

const warm = offerOf('a', { bootS: 15, startS: 5 });

function worldWith(group: Record<string, unknown>, more: WorldOptions = {}): World {
  return createWorld({ offers: [warm], sla: { planner: 'static' }, group: { minVms: 1, ...group }, ...more });
}

/** Agents report: machines that the scaler told to drain are drained, all others ready. */
async function slot(world: World, ratePerS = 0, owner = 'one'): Promise<void> {
  world.advance(20_000);
  if (ratePerS > 0) world.arrive(ratePerS * 20);
  for (const vm of world.provider.live()) {
    const draining = world.state.vms.get(vm.vmId)?.state === 'draining';
    world.beat(vm.vmId, { state: draining ? 'drained' : 'ready' });
  }
  await scaleRegion(world.deps(owner), 'slot');
}

const rows = (world: World, state: string) => [...world.state.vms.values()].filter((vm) => vm.state === state);
const lastSlot = (world: World) => slotBodySchema.parse(world.state.slots.at(-1)?.body);

describe('the warm pool', () => {
  it('is filled in calm slots: machines are launched without work, initialised, then stopped', async () => {
    const world = worldWith({ warmVms: 2 });
    await slot(world);
    // The slot that launched for the load is not calm.
    expect(world.provider.calls.map((call) => call.count)).toEqual([1]);
    await slot(world);
    expect(world.provider.calls.map((call) => call.count)).toEqual([1, 2]);
    expect(
      world
        .liveRows()
        .filter((vm) => vm.warming)
        .every((vm) => vm.cordoned),
    ).toBe(true);
    await slot(world);
    expect(rows(world, 'stopped')).toHaveLength(2);
    expect(world.provider.stopped).toHaveLength(2);
    for (let i = 0; i < 3; i++) await slot(world);
    expect(world.provider.machines.size).toBe(3);
    expect(rows(world, 'ready')).toHaveLength(1);
  });

  it('gets a machine that fell silent while it booted, not the load', async () => {
    const world = worldWith({ warmVms: 1 });
    await slot(world);
    await slot(world);
    const [warming] = world.liveRows().filter((vm) => vm.warming);
    const others = () => world.provider.live().filter((vm) => vm.vmId !== warming!.vmId);
    const look = async (state: 'starting' | 'ready' | null) => {
      world.advance(9_000);
      for (const vm of others()) world.beat(vm.vmId);
      if (state !== null) world.beat(warming!.vmId, { state });
      await scaleRegion(world.deps('one'), 'between');
    };
    await look('starting');
    await look(null);
    expect(world.state.vms.get(warming!.vmId)).toMatchObject({ state: 'unhealthy' });
    await look('ready');
    expect(world.provider.stopped).toEqual([warming!.vmId]);
    expect(world.state.vms.get(warming!.vmId)).toMatchObject({ state: 'stopped', cordoned: true });
  });

  it('is started before anything is launched, and knows its shorter time', async () => {
    const world = worldWith({ warmVms: 2 }, { sla: { planner: 'exact' } });
    for (let i = 0; i < 3; i++) await slot(world);
    const launches = world.provider.calls.length;
    for (let i = 0; i < 3; i++) {
      await slot(world, 50);
    }
    const [first, ...others] = world.state.slots
      .map((s) => slotBodySchema.parse(s.body))
      .filter((body) => body.plan.actions.some((action) => action.do === 'start'));
    expect(others).toEqual([]);
    expect(first!.plan.actions.find((action) => action.do === 'start')).toMatchObject({
      offer: warm.id,
      count: 2,
      why: expect.stringContaining('ready after 5 s'),
    });
    expect(world.provider.started).toHaveLength(2);
    const startedIn = first!.outcome.launched[0]!.vmIds;
    expect(new Set(startedIn)).toEqual(new Set(world.provider.started));
    // More was needed than stood ready: the rest was launched, in the same run but after the starts.
    expect(world.provider.calls.length).toBeGreaterThan(launches);
    expect(rows(world, 'ready').filter((vm) => vm.restarted)).toHaveLength(2);
  });

  it('is refilled by what a falling load sets free, drained first as its agent confirms', async () => {
    const world = worldWith({ warmVms: 0 }, { sla: { planner: 'exact' } });
    for (let i = 0; i < 4; i++) {
      await slot(world, 40);
    }
    for (let i = 0; i < 14; i++) {
      await slot(world, 1);
      if (rows(world, 'draining').length > 0) world.setGroup({ warmVms: 2 });
    }
    expect(rows(world, 'stopped')).toHaveLength(2);
    expect(world.provider.stopped).toHaveLength(2);
    for (const vmId of world.provider.stopped) expect(world.drained).toContain(vmId);
    expect(world.provider.terminated.length).toBeGreaterThan(0);
  });

  it('does not take the last words of a boot before for those of this one', async () => {
    const world = worldWith({ warmVms: 1 });
    for (let i = 0; i < 3; i++) await slot(world);
    const [cold] = rows(world, 'stopped');
    world.setGroup({ minVms: 2, warmVms: 0 });
    // Nobody but the running machine reports.
    world.advance(20_000);
    const serving = rows(world, 'ready')[0]!;
    world.beat(serving.vmId);
    await scaleRegion(world.deps('one'), 'slot');
    expect(world.state.vms.get(cold!.vmId)).toMatchObject({ state: 'starting', cordoned: false });
    world.advance(10_000);
    world.beat(serving.vmId);
    await scaleRegion(world.deps('one'), 'between');
    expect(world.state.vms.get(cold!.vmId)).toMatchObject({ state: 'starting' });
    expect(world.provider.live()).toHaveLength(2);
    world.beatAll();
    await scaleRegion(world.deps('one'), 'between');
    expect(world.state.vms.get(cold!.vmId)).toMatchObject({ state: 'ready', restarted: true });
  });

  it('without capacity for a start launches another offer in the same run, and leaves starts alone for a while', async () => {
    const offers = [warm, offerOf('b', { priceUsdPerHour: 0.12 })];
    const world = worldWith({ warmVms: 1 }, { offers });
    for (let i = 0; i < 3; i++) await slot(world);
    expect(rows(world, 'stopped')).toHaveLength(1);
    world.provider.fail(`start ${warm.id}`, 'no-capacity');
    world.provider.fail(warm.id, 'no-capacity');
    world.setGroup({ minVms: 2 });
    await slot(world);
    expect(world.provider.started).toEqual([]);
    expect(rows(world, 'stopped')).toHaveLength(1);
    expect(world.provider.live().some((vm) => vm.offerId === 'b@dc1/on-demand')).toBe(true);
    expect(
      lastSlot(world)
        .outcome.faults.map((f) => f.detail)
        .join(),
    ).toContain(`start ${warm.id}`);
  });

  it('counts against no cap while stopped, against both while it starts', async () => {
    const world = worldWith({ warmVms: 2, maxVms: 3 });
    for (let i = 0; i < 3; i++) await slot(world);
    expect(rows(world, 'stopped')).toHaveLength(2);
    world.setGroup({ minVms: 5 });
    for (let i = 0; i < 3; i++) {
      await slot(world);
      expect(world.provider.live()).toHaveLength(3);
    }
    expect(world.provider.started).toHaveLength(2);
  });

  it('shrinks to its size, and ends with its pool', async () => {
    const world = worldWith({ warmVms: 3 });
    for (let i = 0; i < 3; i++) await slot(world);
    expect(rows(world, 'stopped')).toHaveLength(3);
    world.setGroup({ warmVms: 1 });
    await slot(world);
    expect(rows(world, 'stopped')).toHaveLength(1);
    expect(world.provider.terminated).toHaveLength(2);
    world.replaceSla('other');
    await slot(world);
    expect(rows(world, 'stopped')).toHaveLength(0);
  });

  it('is not filled where the provider cannot stop machines, nor while launches fail', async () => {
    const without = worldWith({ warmVms: 2 }, { provider: { warm: false } });
    for (let i = 0; i < 4; i++) await slot(without);
    expect(without.provider.machines.size).toBe(1);
    const failing = worldWith({ warmVms: 2 });
    await slot(failing);
    const memory = failing.state.documents.get('scaler/r1') as { breakers: Record<string, unknown> };
    memory.breakers.small = { recent: [true, false], openUntilMs: 0, lastFailureMs: failing.nowMs() };
    failing.advance(-10_000);
    await slot(failing);
    expect(failing.provider.machines.size).toBe(1);
  });

  it('survives a crash at any point of stopping and starting without losing or doubling a machine', async () => {
    const settle = async (world: World) => {
      for (let i = 0; i < 8; i++) await slot(world, 0, 'successor');
    };
    const count = async (prepare: () => Promise<World>): Promise<number> => {
      const world = await prepare();
      let operations = 0;
      await scaleRegion(
        world.deps('one', () => {
          operations += 1;
        }),
        'slot',
      );
      return operations;
    };
    const filling = async () => {
      const world = worldWith({ warmVms: 1 });
      for (let i = 0; i < 2; i++) await slot(world);
      world.advance(20_000);
      world.beatAll();
      return world;
    };
    const starting = async () => {
      const world = worldWith({ warmVms: 1 });
      for (let i = 0; i < 3; i++) await slot(world);
      world.setGroup({ minVms: 2, warmVms: 0 });
      world.advance(20_000);
      world.beatAll();
      return world;
    };
    for (const [prepare, stopped, serving] of [[filling, 1, 1] as const, [starting, 0, 2] as const]) {
      const operations = await count(prepare);
      for (let k = 1; k <= operations; k++) {
        const world = await prepare();
        let done = 0;
        const crash = () => {
          done += 1;
          if (done >= k) throw new Error('crash');
        };
        await scaleRegion(world.deps('doomed', crash), 'slot').catch(() => {});
        await settle(world);
        expect([k, rows(world, 'stopped').length, world.provider.live().length]).toEqual([k, stopped, serving]);
        expect(world.liveRows().filter((vm) => vm.poolId === poolId && !vm.cordoned)).toHaveLength(serving);
      }
    }
  });
});
