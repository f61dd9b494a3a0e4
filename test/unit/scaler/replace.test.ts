import { describe, expect, it } from 'vitest';
import { livePlan } from '../../../lib/app/operate/live-plan.ts';
import { scaleRegion } from '../../../lib/app/scaler/scale-region.ts';
import { slotBodySchema } from '../../../lib/ports/contracts/slot-record.ts';
import type { VmRecord } from '../../../lib/ports/vm.ts';
import { createWorld, offerOf, type World, type WorldOptions } from '../../support/scaler-world.ts';

const ratePerS = 30;

async function run(world: World, kind: 'slot' | 'between', afterMs: number, rate = ratePerS): Promise<void> {
  world.advance(afterMs);
  if (rate > 0) world.arrive(Math.round((rate * afterMs) / 1000));
  world.beatAll();
  await scaleRegion(world.deps('one'), kind);
}
const serving = (world: World) =>
  world.liveRows().filter((vm) => !vm.cordoned && (vm.state === 'ready' || vm.state === 'starting'));
const ready = (world: World) => serving(world).filter((vm) => vm.state === 'ready');
const bodies = (world: World) => world.state.slots.map((row) => slotBodySchema.parse(row.body));
const launches = (world: World) => world.provider.calls.reduce((sum, call) => sum + call.count, 0);

/** Slots until the fleet stands still; the machines of it. */
async function settled(world: World, rate = ratePerS): Promise<VmRecord[]> {
  for (let i = 0; i < 6; i++) await run(world, 'slot', 20_000, rate);
  return serving(world);
}

/** Looks and a slot now and then, as the local timer orders them, while `each` watches. */
async function looks(world: World, count: number, each: () => void, rate = ratePerS): Promise<void> {
  for (let i = 1; i <= count; i++) {
    await run(world, i % 10 === 0 ? 'slot' : 'between', 2_000, rate);
    each();
  }
}

const changes: [string, Parameters<World['setGroup']>[0], (vm: VmRecord) => boolean, string][] = [
  ['sharing limit', { sharingLimit: 2 }, (vm) => vm.sharingLimit === 2, 'sharing limit 4, now 2'],
  ['queue limit', { queueLimit: 3 }, (vm) => vm.queueLimit === 3, 'queue limit 16, now 3'],
  ['instance types', { instanceTypes: ['b'] }, (vm) => vm.type.id === 'b', 'a, now b'],
  ['purchase option', { purchaseOptions: ['spot'] }, (vm) => vm.purchaseOption === 'spot', 'on-demand, now spot'],
];
const offers = [
  offerOf('a'),
  offerOf('b', { priceUsdPerHour: 0.12 }),
  offerOf('a', { id: 'a@dc1/spot', purchaseOption: 'spot', priceUsdPerHour: 0.05 }),
];
const planners = ['exact', 'paper', 'static', 'threshold'] as const;

describe('machines rented under older settings of their group', () => {
  describe.each(planners)('planner %s', (planner) => {
    const worldOf = (more: WorldOptions = {}) =>
      createWorld({ offers, sla: { planner }, ...more, group: { minVms: 2, maxSpotShare: 1, ...more.group } });

    it.each(changes)('%s: successors first, then they go, and then nothing moves', async (_, change, isNew, reason) => {
      const world = worldOf();
      const before = await settled(world);
      expect(before.length).toBeGreaterThanOrEqual(2);
      expect(before.some(isNew)).toBe(false);
      world.setGroup(change);
      const records = world.state.slots.length;
      let fewest = before.length;
      await looks(world, 12, () => {
        fewest = Math.min(fewest, ready(world).length);
      });
      const after = serving(world);
      expect(after.every(isNew)).toBe(true);
      expect(after.length).toBeGreaterThanOrEqual(Math.min(2, before.length));
      // Equal machines: the fleet that kept the promise never had fewer of them.
      expect(fewest).toBeGreaterThanOrEqual(Math.min(before.length, after.length));
      const told = bodies(world).slice(records);
      const drains = told.flatMap((body) => body.plan.actions).filter((action) => action.do === 'drain');
      expect(drains[0]?.why).toBe(`rented under older settings of the group (${reason})`);
      expect(told.some((body) => body.kind === 'replace')).toBe(true);
      const count = launches(world);
      await looks(world, 30, () => {});
      if (planner !== 'threshold') expect(launches(world)).toBe(count);
      expect(serving(world).every(isNew)).toBe(true);
    });

    it('at the cap: one goes first, the next after its successor took its place', async () => {
      const world = worldOf({ group: { minVms: 3, maxVms: 3 } });
      const before = await settled(world, 12);
      const first = launches(world);
      expect(before).toHaveLength(3);
      world.setGroup({ sharingLimit: 2 });
      let fewest = before.length;
      let most = 0;
      await looks(
        world,
        30,
        () => {
          fewest = Math.min(fewest, serving(world).length);
          most = Math.max(most, world.provider.live().length);
        },
        12,
      );
      expect(serving(world).map((vm) => vm.sharingLimit)).toEqual([2, 2, 2]);
      expect(fewest).toBe(2);
      expect(most).toBe(3);
      expect(launches(world) - first).toBe(3);
    });

    it('serve on while successors do not come', async () => {
      const world = worldOf();
      const before = await settled(world);
      const drained = [...world.drained];
      world.setGroup({ instanceTypes: ['b'] });
      world.provider.fail('b@dc1/on-demand', 'no-capacity');
      await looks(world, 12, () => {});
      expect(new Set(serving(world).map((vm) => vm.vmId))).toEqual(new Set(before.map((vm) => vm.vmId)));
      expect(world.drained).toEqual(drained);
    });

    it('serve on while nothing of what the group names can be rented', async () => {
      const world = worldOf();
      const before = await settled(world);
      world.setGroup({ instanceTypes: ['unheard-of'] });
      await looks(world, 12, () => {});
      expect(serving(world)).toHaveLength(before.length);
      const last = bodies(world).at(-1)!;
      expect(last.plan.reason).toContain('unheard-of');
      expect(last.plan.actions.map((action) => action.why).join()).toContain('older settings');
    });
  });

  it('are replaced as far as the room under the caps goes, and never beyond it', async () => {
    const world = createWorld({ sla: { planner: 'static' }, group: { minVms: 4, maxVms: 5 } });
    await settled(world, 0);
    world.setGroup({ queueLimit: 1 });
    let fewest = 4;
    let most = 0;
    await looks(
      world,
      30,
      () => {
        fewest = Math.min(fewest, ready(world).length);
        most = Math.max(most, world.provider.live().length);
      },
      0,
    );
    expect(serving(world).map((vm) => vm.queueLimit)).toEqual([1, 1, 1, 1]);
    expect([fewest, most]).toEqual([4, 5]);
  });

  it('that reserve places are replaced when the group hands out session tickets, and the other way round', async () => {
    const world = createWorld({ sla: { planner: 'static' }, group: { dispatch: { mode: 'session' } } });
    await settled(world, 0);
    expect(serving(world).map((vm) => vm.exact)).toEqual([false]);
    const { dispatch } = world.config.groups.get('small')!;
    world.setGroup({ dispatch: { ...dispatch, mode: 'exact' } });
    await looks(world, 8, () => {}, 0);
    expect(serving(world).map((vm) => vm.exact)).toEqual([true]);
    world.setGroup({ dispatch: { ...dispatch, mode: 'snapshot' } });
    await looks(world, 8, () => {}, 0);
    expect(serving(world).map((vm) => vm.exact)).toEqual([false]);
    // Neither of the two needs every change reported.
    const count = launches(world);
    world.setGroup({ dispatch: { ...dispatch, mode: 'session' } });
    await looks(world, 8, () => {}, 0);
    expect(launches(world)).toBe(count);
  });

  it('are left alone when rows of earlier versions do not say how they report', async () => {
    const world = createWorld({ sla: { planner: 'static' }, group: { dispatch: { mode: 'session' } } });
    const [vm] = await settled(world, 0);
    const { exact: _, ...row } = vm!;
    world.state.vms.set(vm!.vmId, row);
    const { dispatch } = world.config.groups.get('small')!;
    world.setGroup({ dispatch: { ...dispatch, mode: 'exact' } });
    await looks(world, 8, () => {}, 0);
    expect(serving(world).map((v) => v.vmId)).toEqual([vm!.vmId]);
  });

  it('are not touched at first sight: a scaler with an old copy of the group undoes nothing', async () => {
    const world = createWorld({ sla: { planner: 'static' } });
    await settled(world, 0);
    const count = launches(world);
    for (let i = 0; i < 4; i++) {
      world.setGroup({ queueLimit: 1 });
      await run(world, 'between', 2_000, 0);
      world.setGroup({ queueLimit: 16 });
      await run(world, 'between', 2_000, 0);
    }
    expect(launches(world)).toBe(count);
    expect(world.drained).toEqual([]);
  });

  it('grow with a burst under the new settings; nothing is released meanwhile', async () => {
    const world = createWorld({ group: { minVms: 2 } });
    const before = await settled(world, 20);
    world.setGroup({ sharingLimit: 2 });
    await run(world, 'between', 2_000, 20);
    world.advance(2_000);
    world.arrive(400, 40);
    world.beatAll();
    await scaleRegion(world.deps('one'), 'between');
    const burst = bodies(world).at(-1)!;
    expect(burst.kind).toBe('burst');
    expect(burst.outcome.draining).toEqual([]);
    const fresh = serving(world).filter((vm) => vm.sharingLimit === 2);
    expect(fresh.length).toBeGreaterThan(before.length);
  });

  it('stand in the plan that an operator asks for, with the reason', async () => {
    const world = createWorld({ sla: { planner: 'static' } });
    await settled(world, 0);
    world.setGroup({ queueLimit: 1 });
    const [pool] = (await livePlan(world.deps('one'))).pools;
    expect(pool!.plan.actions).toEqual([
      expect.objectContaining({ do: 'launch', count: 1 }),
      {
        do: 'keep',
        offer: 'a@dc1/on-demand',
        count: 1,
        why: 'rented under older settings of the group (queue limit 16, now 1); until successors are ready',
      },
    ]);
  });

  it('stopped in the warm pool: ended, and kept again under the new settings', async () => {
    const offer = offerOf('a', { bootS: 15, startS: 5 });
    const world = createWorld({ offers: [offer], sla: { planner: 'static' }, group: { warmVms: 2 } });
    await settled(world, 0);
    const stopped = () => world.liveRows().filter((vm) => vm.state === 'stopped');
    const before = stopped().map((vm) => vm.vmId);
    expect(before).toHaveLength(2);
    world.setGroup({ queueLimit: 1 });
    await looks(world, 40, () => {}, 0);
    expect(world.provider.terminated).toEqual(expect.arrayContaining(before));
    expect(world.provider.started).toEqual([]);
    expect(stopped().map((vm) => vm.queueLimit)).toEqual([1, 1]);
  });

  it('a launch that a crash left open is told what its intent says, not what the group says by then', async () => {
    const world = createWorld({ sla: { planner: 'static' } });
    world.beatAll();
    const crash = (at: string) => {
      if (at === 'launched') throw new Error('injected crash');
    };
    await expect(scaleRegion(world.deps('one', crash), 'slot')).rejects.toThrow('injected crash');
    world.setGroup({ queueLimit: 1 });
    await run(world, 'between', 2_000, 0);
    expect(world.provider.calls.map((call) => call.queueLimit)).toEqual([16, 16]);
    expect(serving(world).map((vm) => vm.queueLimit)).toEqual([16]);
    await looks(world, 8, () => {}, 0);
    expect(serving(world).map((vm) => vm.queueLimit)).toEqual([1]);
  });
});
