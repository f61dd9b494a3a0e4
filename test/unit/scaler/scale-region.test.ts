import { describe, expect, it } from 'vitest';
import { scaleRegion } from '../../../lib/app/scaler/scale-region.ts';
import { slotBodySchema } from '../../../lib/ports/contracts/slot-record.ts';
import { createWorld, offerOf, poolId, type World } from '../../support/scaler-world.ts';

/** A slot under a steady rate: arrivals, reports, the run. */
async function slot(world: World, ratePerS: number, owner = 'one'): Promise<void> {
  world.advance(20_000);
  world.arrive(Math.round(ratePerS * 20));
  world.beatAll();
  await scaleRegion(world.deps(owner), 'slot');
  world.beatAll();
}

const lastSlot = (world: World) => slotBodySchema.parse(world.state.slots.at(-1)?.body);

describe('scaleRegion', () => {
  it('keeps the least fleet of a quiet pool and records why', async () => {
    const world = createWorld();
    await slot(world, 0);
    expect(world.provider.live()).toHaveLength(1);
    expect(lastSlot(world).plan.actions[0]).toMatchObject({ do: 'launch', offer: 'a@dc1/on-demand', count: 1 });
    await slot(world, 0);
    expect(world.provider.live()).toHaveLength(1);
    expect(world.liveRows()[0]?.state).toBe('ready');
  });

  it('grows with demand, then drains and terminates only what its agent confirmed empty', async () => {
    const world = createWorld();
    for (let i = 0; i < 4; i++) await slot(world, 40);
    const peak = world.provider.live().length;
    expect(peak).toBeGreaterThanOrEqual(5);
    for (let i = 0; i < 12; i++) await slot(world, 1);
    expect(world.provider.live().length).toBeLessThan(peak);
    expect(world.provider.terminated.length).toBeGreaterThan(0);
    expect(new Set(world.drained)).toEqual(new Set([...world.drained, ...world.provider.terminated]));
  });

  it('does not terminate a draining VM that still works', async () => {
    const world = createWorld();
    for (let i = 0; i < 4; i++) await slot(world, 40);
    const draining = () => [...world.state.vms.values()].find((vm) => vm.state === 'draining')?.vmId;
    for (let i = 0; i < 6 && draining() === undefined; i++) await slot(world, 1);
    const busy = draining();
    world.advance(2_000);
    world.beatAll();
    world.beat(busy!, { state: 'draining', running: 1 });
    const before = world.provider.terminated.length;
    await scaleRegion(world.deps('one'), 'between');
    expect(world.provider.terminated.slice(before)).not.toContain(busy);
    expect(world.state.vms.get(busy!)).toMatchObject({ state: 'draining', cordoned: true });
  });

  it('tells an agent again that did not hear it should drain, also after it was silent', async () => {
    const world = createWorld();
    await slot(world, 0);
    const [vm] = world.provider.live();
    world.provider.notify(vm!.vmId);
    const deaf = world.deps('one', (operation) => {
      if (operation === 'drain') throw new Error('no answer');
    });
    world.advance(1_000);
    world.beat(vm!.vmId, { running: 1 });
    await scaleRegion(deaf, 'between');
    expect(world.drained).toEqual([]);
    world.advance(9_000);
    await scaleRegion(world.deps('one'), 'between');
    expect(world.state.vms.get(vm!.vmId)).toMatchObject({ state: 'unhealthy' });
    for (let i = 0; i < 2; i++) {
      world.advance(1_000);
      world.beat(vm!.vmId, { running: 1 });
      await scaleRegion(world.deps('one'), 'between');
      expect(world.state.vms.get(vm!.vmId)).toMatchObject({ state: 'draining', cordoned: true });
    }
    expect(world.drained).toEqual([vm!.vmId]);
  });

  it('ends a draining VM that does not empty, but not before its time', async () => {
    const world = createWorld();
    await slot(world, 0);
    const [vm] = world.provider.live();
    world.provider.notify(vm!.vmId);
    const { drainTimeoutMs } = world.deps('one').options;
    const look = async (afterMs: number) => {
      // In steps, so that others report and none is replaced for silence.
      for (let left = afterMs; left > 0; left -= 1_000) {
        world.advance(Math.min(1_000, left));
        for (const { vmId } of world.provider.live())
          world.beat(vmId, vmId === vm!.vmId ? { state: 'draining', running: 1 } : {});
      }
      await scaleRegion(world.deps('one'), 'between');
    };
    await look(1_000);
    expect(world.state.vms.get(vm!.vmId)).toMatchObject({ state: 'draining' });
    await look(drainTimeoutMs);
    expect(world.provider.terminated).toEqual([]);
    await look(1);
    expect(world.provider.terminated).toEqual([vm!.vmId]);
  });

  it('tells in the next record what ended or went wrong between slots, once', async () => {
    const world = createWorld();
    for (let i = 0; i < 4; i++) await slot(world, 40);
    const draining = () => [...world.state.vms.values()].some((vm) => vm.state === 'draining');
    for (let i = 0; i < 6 && !draining(); i++) await slot(world, 1);
    const records = world.state.slots.length;
    const before = world.provider.terminated.length;
    world.advance(2_000);
    world.beatAll();
    await scaleRegion(world.deps('one'), 'between');
    const ended = world.provider.terminated.slice(before);
    expect(ended.length).toBeGreaterThan(0);
    expect(world.state.slots.length).toBe(records);
    for (let i = 0; i < 3; i++) await slot(world, 1);
    const told = world.state.slots.slice(records).flatMap((row) => slotBodySchema.parse(row.body).outcome.terminated);
    expect(ended.map((vmId) => told.filter((id) => id === vmId).length)).toEqual(ended.map(() => 1));
  });

  it('takes the next offer in the same run when one has no capacity, and leaves that one alone afterwards', async () => {
    const world = createWorld();
    world.provider.fail('a@dc1/on-demand', 'no-capacity', { times: 1 });
    await slot(world, 0);
    expect(world.provider.live().map((vm) => vm.offerId)).toEqual(['b@dc1/on-demand']);
    expect(lastSlot(world).outcome.faults.map((f) => f.kind)).toContain('set-aside');
    const tries = world.provider.calls.filter((c) => c.offer.id.startsWith('a@')).length;
    await slot(world, 30);
    expect(world.provider.calls.filter((c) => c.offer.id.startsWith('a@'))).toHaveLength(tries);
  });

  it('backs off when throttled, and tries again between slots', async () => {
    const world = createWorld();
    world.provider.fail('a@dc1/on-demand', 'throttled', { times: 1 });
    await slot(world, 0);
    expect(world.provider.live()).toHaveLength(0);
    world.advance(1_000);
    await scaleRegion(world.deps('one'), 'between');
    expect(world.provider.calls).toHaveLength(1);
    world.advance(15_000);
    await scaleRegion(world.deps('one'), 'between');
    expect(world.provider.live()).toHaveLength(1);
  });

  it('stops launching after half of the last four failed, then lets one try', async () => {
    const world = createWorld();
    for (const offer of ['a', 'b']) world.provider.fail(`${offer}@dc1/on-demand`, 'bad-image');
    await slot(world, 20);
    await slot(world, 20);
    const calls = world.provider.calls.length;
    expect(calls).toBe(2);
    await slot(world, 20);
    expect(world.provider.calls).toHaveLength(calls);
    expect(lastSlot(world).outcome.faults.map((f) => f.kind)).toContain('circuit-open');
    for (let i = 0; i < 4; i++) await slot(world, 20);
    const extra = world.provider.calls.slice(calls);
    expect(extra.length).toBeGreaterThanOrEqual(1);
    expect(extra[0]!.count).toBe(1);
  });

  it('releases nothing while launches fail', async () => {
    const world = createWorld({ offers: [offerOf('a'), offerOf('b', { priceUsdPerHour: 0.2 })] });
    for (let i = 0; i < 4; i++) await slot(world, 40);
    const before = world.provider.live().length;
    const memory = world.state.documents.get('scaler/r1') as { breakers: Record<string, unknown> };
    memory.breakers.small = {
      recent: [false, false],
      openUntilMs: world.nowMs() + 400_000,
      lastFailureMs: world.nowMs(),
    };
    for (let i = 0; i < 6; i++) await slot(world, 1);
    expect(world.provider.live()).toHaveLength(before);
    expect(lastSlot(world).outcome.faults.map((f) => f.kind)).toContain('held-back');
  });

  it('releases nothing for cheaper machines that did not come, however many kinds it tried', async () => {
    const cheap = Array.from({ length: 8 }, (_, i) => offerOf(`cheap${i}`, { priceUsdPerHour: 0.02 }));
    const world = createWorld({ offers: [offerOf('dear'), ...cheap] });
    for (const { id } of cheap) world.provider.fail(id, 'no-capacity');
    for (let i = 0; i < 6; i++) await slot(world, 20);
    const before = world.provider.live().length;
    const drained = world.drained.length;
    expect(before).toBeGreaterThanOrEqual(2);
    // No kind is set aside for as long as that; the machines report all the same.
    for (let i = 0; i < 180; i++) {
      world.advance(10_000);
      world.beatAll();
    }
    const calls = world.provider.calls.length;
    await slot(world, 20);
    expect(world.provider.calls.length - calls).toBeGreaterThanOrEqual(6);
    expect(world.drained).toHaveLength(drained);
    expect(world.provider.live()).toHaveLength(before);
  });

  it('never exceeds the caps, counting what boots and drains', async () => {
    const world = createWorld({ group: { maxVms: 3 } });
    for (let i = 0; i < 5; i++) {
      await slot(world, 80);
      expect(world.provider.live().length).toBeLessThanOrEqual(3);
    }
  });

  it('stops using a silent VM at once and replaces it; one that stays silent is ended', async () => {
    const world = createWorld();
    await slot(world, 0);
    const [silent] = world.provider.live();
    const between = async (ms: number) => {
      world.advance(ms);
      for (const vm of world.provider.live()) if (vm.vmId !== silent!.vmId) world.beat(vm.vmId);
      await scaleRegion(world.deps('one'), 'between');
    };
    await between(9_000);
    expect(world.state.vms.get(silent!.vmId)).toMatchObject({ state: 'unhealthy', cordoned: true });
    expect(world.provider.live()).toHaveLength(2);
    expect(world.provider.terminated).toEqual([]);
    for (let i = 0; i < 4; i++) await between(3_000);
    expect(world.provider.terminated).toEqual([silent!.vmId]);
    expect(world.provider.live()).toHaveLength(1);
  });

  it('lets a VM that was only slow serve again', async () => {
    const world = createWorld();
    await slot(world, 0);
    const [slow] = world.provider.live();
    world.advance(9_000);
    await scaleRegion(world.deps('one'), 'between');
    world.advance(2_000);
    world.beatAll();
    await scaleRegion(world.deps('one'), 'between');
    expect(world.state.vms.get(slow!.vmId)).toMatchObject({ state: 'ready', cordoned: false });
    expect(world.provider.terminated).toEqual([]);
  });

  it('exchanges a fleet at its cap for a better one, some machines at a time, instead of standing still', async () => {
    const offers = [
      offerOf('small', { priceUsdPerHour: 0.01, type: { id: 'small', cores: 1, coreSpeed: 0.5, memoryMiB: 2048 } }),
      offerOf('big', { priceUsdPerHour: 0.1, type: { id: 'big', cores: 4, coreSpeed: 1, memoryMiB: 8192 } }),
    ];
    const world = createWorld({ offers, group: { maxVms: 4 }, sla: { targetMs: 500 } });
    for (let i = 0; i < 4; i++) await slot(world, 10);
    expect(world.liveRows().every((vm) => vm.type.id === 'small')).toBe(true);
    for (let i = 0; i < 16; i++) {
      await slot(world, 60);
      expect(world.provider.live().length).toBeLessThanOrEqual(4);
    }
    const makingRoom = world.state.slots
      .map((row) => slotBodySchema.parse(row.body).plan.actions.filter(({ why }) => why.startsWith('makes room')))
      .filter((actions) => actions.length > 0);
    expect(makingRoom.length).toBeGreaterThan(0);
    // A quarter of four.
    for (const actions of makingRoom) expect(actions).toMatchObject([{ do: 'drain', count: 1 }]);
    expect(lastSlot(world).plan.status).not.toBe('infeasible');
    expect(world.liveRows().some((vm) => vm.type.id === 'big')).toBe(true);
  });

  it('keeps its least fleet of a promise that no fleet can keep', async () => {
    const world = createWorld({ sla: { targetMs: 1 }, group: { minVms: 3 } });
    for (let i = 0; i < 4; i++) await slot(world, 10);
    expect(lastSlot(world).plan.status).toBe('infeasible');
    expect(world.liveRows().filter((vm) => vm.state === 'ready')).toHaveLength(3);
  });

  it('believes a sudden silence after a few slots and releases what is not needed', async () => {
    const world = createWorld();
    for (let i = 0; i < 6; i++) await slot(world, 40);
    for (let i = 0; i < 12; i++) await slot(world, 0);
    expect(world.liveRows().filter((vm) => !vm.cordoned)).toHaveLength(1);
  });

  it.each([0, 1])(
    'a pool that nobody asks any more comes down to its minVms of %i within a handful of slots',
    async (minVms) => {
      const world = createWorld({ group: { minVms } });
      for (let i = 0; i < 20; i++) await slot(world, 15);
      expect(world.liveRows().filter((vm) => !vm.cordoned).length).toBeGreaterThan(minVms);
      let slots = 0;
      for (; slots < 35 && world.liveRows().filter((vm) => !vm.cordoned).length > minVms; slots++) await slot(world, 0);
      expect(slots).toBeLessThanOrEqual(7);
      // Nor does any come back by itself.
      const launches = world.provider.calls.length;
      for (let i = 0; i < 20; i++) await slot(world, 0);
      expect(world.provider.calls).toHaveLength(launches);
      expect(world.provider.live()).toHaveLength(minVms);
    },
  );

  it.each(['exact', 'session'] as const)(
    'takes the slot after a pause for what it was and not for all that came meanwhile (%s)',
    async (mode) => {
      const world = createWorld({ group: { dispatch: { mode } } });
      for (let i = 0; i < 3; i++) await slot(world, 40);
      const [vm] = world.provider.live();
      let completed = 0;
      const counted = () => {
        for (const { vmId } of world.provider.live())
          world.beat(vmId, { completed: vmId === vm!.vmId ? completed : 0, responseSumMs: 0 });
      };
      for (let i = 0; i < 450; i++) {
        world.advance(2_000);
        world.arrive(80);
        completed += 80;
      }
      counted();
      await scaleRegion(world.deps('one'), 'slot');
      expect(lastSlot(world).observed.arrivalRatePerS).toBeGreaterThan(35);
      expect(lastSlot(world).observed.arrivalRatePerS).toBeLessThan(45);
    },
  );

  it('does not take a minute of a new pool for the few seconds of a first look', async () => {
    const world = createWorld();
    world.advance(60_000 - (world.nowMs() % 60_000) + 50_000);
    world.arrive(50 * 4, 1);
    await scaleRegion(world.deps('one'), 'between');
    expect(lastSlot(world)).toMatchObject({ kind: 'burst', observed: { arrivals: 200 } });
    expect(lastSlot(world).observed.arrivalRatePerS).toBeCloseTo(4);
  });

  it('closes the row of a VM that vanished only after a second listing', async () => {
    const world = createWorld();
    await slot(world, 0);
    const [first] = world.provider.live();
    world.provider.machines.delete(first!.vmId);
    world.advance(2_000);
    await scaleRegion(world.deps('one'), 'between');
    expect(world.state.vms.get(first!.vmId)).toMatchObject({ state: 'unhealthy', cordoned: true });
    world.advance(2_000);
    await scaleRegion(world.deps('one'), 'between');
    expect(world.state.vms.get(first!.vmId)).toMatchObject({ state: 'terminated' });
    expect(world.provider.live()).toHaveLength(1);
  });

  it('ends a machine that nobody knows only when it is old and seen twice', async () => {
    const world = createWorld();
    await slot(world, 0);
    const stranger = {
      ...world.provider.live()[0]!,
      vmId: 'vm-stranger',
      intentId: 'unknown',
      launchedAtMs: world.nowMs(),
    };
    world.provider.machines.set(stranger.vmId, stranger);
    // 300 s of age are 15 slots: then it is seen for the first time.
    for (let i = 0; i < 15; i++) await slot(world, 0);
    expect(world.provider.terminated).not.toContain('vm-stranger');
    await slot(world, 0);
    expect(world.provider.terminated).toContain('vm-stranger');
  });

  it('uses a VM again that one listing left out, and the next such listing is a first one again', async () => {
    const world = createWorld();
    await slot(world, 0);
    const [vm] = world.provider.live();
    const look = async (listed: boolean) => {
      world.advance(2_000);
      world.beatAll();
      world.beat(vm!.vmId);
      if (listed) world.provider.machines.set(vm!.vmId, vm!);
      else world.provider.machines.delete(vm!.vmId);
      await scaleRegion(world.deps('one'), 'between');
      return world.state.vms.get(vm!.vmId)?.state;
    };
    expect(await look(false)).toBe('unhealthy');
    expect(await look(true)).toBe('ready');
    expect(await look(false)).toBe('unhealthy');
  });

  it('does not repeat a launch whose token the provider may have forgotten', async () => {
    const world = createWorld();
    const crash = world.deps('doomed', (operation) => {
      if (operation === 'launch') throw new Error('crash');
    });
    world.advance(20_000);
    await expect(scaleRegion(crash, 'slot')).rejects.toThrow('crash');
    const [intent] = await world.state.listOpenIntents();
    world.advance(24 * 3_600_000);
    await scaleRegion(world.deps('one'), 'slot');
    expect(world.provider.calls.map((call) => call.clientToken)).not.toContain(intent!.intentId);
    expect(await world.state.listOpenIntents()).toEqual([]);
    expect(world.provider.live()).toHaveLength(1);
  });

  it('drains on an interruption notice and replaces the machine in the same run', async () => {
    const world = createWorld();
    await slot(world, 0);
    const [first] = world.provider.live();
    world.provider.notify(first!.vmId);
    world.advance(2_000);
    world.beatAll();
    await scaleRegion(world.deps('one'), 'between');
    expect(world.drained).toContain(first!.vmId);
    expect(world.liveRows().filter((vm) => !vm.cordoned)).toHaveLength(1);
  });

  it('tells an interruption once, also where the machine was drained before the scaler looked', async () => {
    const world = createWorld();
    await slot(world, 0);
    const [first] = world.provider.live();
    world.provider.notify(first!.vmId);
    const row = world.state.vms.get(first!.vmId)!;
    world.state.vms.set(row.vmId, { ...row, state: 'draining', cordoned: true, drainingSinceMs: world.nowMs() });
    world.advance(2_000);
    for (let i = 0; i < 3; i++) await scaleRegion(world.deps('one'), 'between');
    await slot(world, 0);
    const told = world.state.slots.flatMap(({ body }) => slotBodySchema.parse(body).outcome.faults);
    expect(told.filter((fault) => fault.kind === 'interrupted').map((fault) => fault.detail)).toEqual([
      expect.stringContaining(first!.vmId),
    ]);
  });

  it('scales out between slots when requests are refused, and never in', async () => {
    const world = createWorld();
    await slot(world, 0);
    for (let i = 0; i < 4; i++) {
      world.advance(2_000);
      world.arrive(120, 20);
      world.beatAll();
      await scaleRegion(world.deps('one'), 'between');
    }
    expect(world.provider.live().length).toBeGreaterThanOrEqual(4);
    expect(lastSlot(world)).toMatchObject({ kind: 'burst' });
    for (let i = 0; i < 5; i++) {
      world.advance(2_000);
      world.beatAll();
      await scaleRegion(world.deps('one'), 'between');
    }
    expect(world.drained).toHaveLength(0);
  });

  it('lets nothing go in a burst, however much smaller a fleet would do', async () => {
    const world = createWorld();
    for (let i = 0; i < 6; i++) await slot(world, 40);
    const before = world.provider.live().length;
    const drained = world.drained.length;
    // Tasks turn out to need a tenth of what was believed.
    const demandByApp = { ['a'.repeat(64)]: { runs: 10_000, cpuS: 100, prepCpuS: 0 } };
    for (let i = 0; i < 3; i++) {
      world.advance(2_000);
      world.arrive(80, 1);
      for (const vm of world.provider.live()) world.beat(vm.vmId, { demandByApp });
      await scaleRegion(world.deps('one'), 'between');
    }
    expect(world.drained).toHaveLength(drained);
    expect(world.provider.live()).toHaveLength(before);
    await slot(world, 40);
    expect(world.drained.length).toBeGreaterThan(drained);
  });

  it('replaces one killed machine of several between slots', async () => {
    const world = createWorld();
    for (let i = 0; i < 6; i++) await slot(world, 40);
    const before = world.provider.live().length;
    expect(before).toBeGreaterThanOrEqual(5);
    const [killed] = world.provider.live();
    world.provider.machines.delete(killed!.vmId);
    world.advance(2_000);
    world.arrive(80);
    world.beatAll();
    await scaleRegion(world.deps('one'), 'between');
    expect(world.state.vms.get(killed!.vmId)).toMatchObject({ cordoned: true });
    expect(world.provider.live()).toHaveLength(before);
    expect(lastSlot(world)).toMatchObject({ kind: 'burst', trigger: expect.stringMatching(/^1 of \d+ VMs lost/) });
  });

  describe('a backlog', () => {
    /** Looks of 2 s at 40/s as planned; then each machine holds `waiting` tasks. @returns machines before and after */
    async function look(maxVms: number, waiting: number): Promise<{ before: number; after: number }> {
      const world = createWorld({ group: { maxVms } });
      for (let i = 0; i < 6; i++) await slot(world, 40);
      const before = world.provider.live().length;
      for (const held of [0, waiting]) {
        world.advance(2_000);
        world.arrive(80);
        for (const vm of world.provider.live()) world.beat(vm.vmId, { waiting: held });
        await scaleRegion(world.deps('one'), 'between');
      }
      return { before, after: world.provider.live().length };
    }

    it('is worked off by machines beyond what the arrivals need', async () => {
      const none = await look(100, 0);
      const some = await look(100, 40);
      const more = await look(100, 80);
      expect(none.after).toBe(none.before);
      expect(some.after).toBeGreaterThan(some.before);
      expect(more.after).toBeGreaterThan(some.after);
    });

    it('keeps nobody from a fleet for the arrivals where the caps allow for no more', async () => {
      const { before } = await look(100, 0);
      const capped = await look(before + 2, 10_000);
      expect(capped.before).toBe(before);
      expect(capped.after).toBeGreaterThan(before);
    });
  });

  it('a minute into a long slot drains what its own arrivals show to be surplus, and nothing that is needed', async () => {
    const run = async (ratePerS: number, planner: 'exact' | 'paper' = 'exact') => {
      const world = createWorld({ options: { slotMs: 600_000, leadMs: 90_000 }, sla: { planner } });
      // Runs come 90 s before a slot.
      world.advance(600_000 - ((world.nowMs() + 90_000) % 600_000));
      for (let i = 0; i < 4; i++) {
        world.advance(600_000);
        world.arrive(40 * 600);
        world.beatAll();
        await scaleRegion(world.deps('one'), 'slot');
        world.beatAll();
      }
      // Past the slot's start, when what its plan leaves over goes, then look by look.
      world.advance(95_000);
      world.beatAll();
      await scaleRegion(world.deps('one'), 'between');
      const before = world.provider.live().length;
      const drainedBefore = world.drained.length;
      for (let i = 0; i < 8; i++) {
        world.advance(10_000);
        world.arrive(ratePerS * 10);
        world.beatAll();
        await scaleRegion(world.deps('one'), 'between');
        if (i < 5) expect(world.drained).toHaveLength(drainedBefore);
      }
      return { before, drained: world.drained.length - drainedBefore, kind: lastSlot(world).kind };
    };
    const quiet = await run(10);
    expect(quiet.before).toBeGreaterThanOrEqual(5);
    expect(quiet).toMatchObject({ kind: 'trim', drained: expect.any(Number) });
    expect(quiet.drained).toBeGreaterThan(0);
    expect(quiet.drained).toBeLessThan(quiet.before);
    expect((await run(40)).drained).toBe(0);
    expect((await run(10, 'paper')).drained).toBe(0);
  });

  it('buys far and cheap where the promise is loose, near where it is tight', async () => {
    const offers = [
      offerOf('near'),
      offerOf('far', { id: 'far@dc2/on-demand', dataCentre: 'dc2', networkMs: 120, priceUsdPerHour: 0.06 }),
    ];
    const loose = createWorld({ offers, sla: { targetMs: 1_000 } });
    await slot(loose, 2);
    expect(loose.provider.live()[0]!.offerId).toBe('far@dc2/on-demand');
    const tight = createWorld({ offers, sla: { targetMs: 200 } });
    await slot(tight, 2);
    expect(tight.provider.live()[0]!.offerId).toBe('near@dc1/on-demand');
  });

  it('says which promise cannot be kept, and still serves as well as it can', async () => {
    const world = createWorld({ sla: { targetMs: 1 } });
    await slot(world, 2);
    expect(lastSlot(world).plan.status).toBe('infeasible');
    expect(lastSlot(world).plan.reason).toMatch(/\d/);
    expect(world.provider.live()).toHaveLength(1);
  });

  it('holds everything when the provider does not answer', async () => {
    const world = createWorld();
    await slot(world, 0);
    world.advance(20_000);
    const failing = world.deps('one', (operation) => {
      if (operation === 'list') throw new Error('no answer');
    });
    await expect(scaleRegion(failing, 'slot')).rejects.toThrow('no answer');
    expect(world.provider.terminated).toHaveLength(0);
    expect(world.liveRows()).toHaveLength(1);
  });

  it('offers the baselines: a static fleet and the response-time trigger', async () => {
    const fixed = createWorld({ sla: { planner: 'static' }, group: { minVms: 2 } });
    for (let i = 0; i < 3; i++) await slot(fixed, 90);
    expect(fixed.provider.live()).toHaveLength(2);

    const trigger = createWorld({ sla: { planner: 'threshold' } });
    await slot(trigger, 10);
    const report = (ms: number) => {
      const minuteStartMs = Math.floor(trigger.nowMs() / 60_000) * 60_000;
      trigger.state.arrivals.push({
        poolId,
        minuteStartMs,
        count: 0,
        refused: 0,
        responseCount: 10,
        responseSumMs: ms * 10,
      });
    };
    report(900);
    await slot(trigger, 10);
    expect(trigger.provider.live()).toHaveLength(2);
  });
});
