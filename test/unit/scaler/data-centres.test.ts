import { describe, expect, it } from 'vitest';
import { scalingStatus } from '../../../lib/app/operate/scaling-status.ts';
import { scaleRegion } from '../../../lib/app/scaler/scale-region.ts';
import { plan } from '../../../lib/domain/planner/plan.ts';
import type { PlanProblem, PlanResult } from '../../../lib/domain/planner/types.ts';
import {
  type BootLog,
  bootKey,
  expectedBootS,
  recordBoot,
  withMeasuredBoot,
} from '../../../lib/domain/scaling/boot-times.ts';
import { standInsFor } from '../../../lib/domain/scaling/stand-ins.ts';
import { slotBodySchema } from '../../../lib/ports/contracts/slot-record.ts';
import { createWorld, offerOf, type World } from '../../support/scaler-world.ts';

const near = offerOf('a');
const far = offerOf('a', { id: 'a@dc2/on-demand', dataCentre: 'dc2', priceUsdPerHour: 0.13 });

const worldOfTwoPlaces = () => createWorld({ offers: [near, far] });

async function slot(world: World, ratePerS: number, beat = true): Promise<void> {
  world.advance(20_000);
  world.arrive(Math.round(ratePerS * 20));
  if (beat) world.beatAll();
  await scaleRegion(world.deps('one'), 'slot');
  if (beat) world.beatAll();
}

const lastSlot = (world: World) => slotBodySchema.parse(world.state.slots.at(-1)?.body);
const faults = (world: World) => lastSlot(world).outcome.faults.map((f) => f.kind);

describe('a data centre that does not answer', () => {
  it('keeps its machines on the books, and the load that comes goes elsewhere in the same run', async () => {
    const world = worldOfTwoPlaces();
    for (let i = 0; i < 3; i++) await slot(world, 30);
    const held = world.liveRows().map((vm) => vm.vmId);
    expect(held.length).toBeGreaterThanOrEqual(3);
    world.provider.silence('dc1');
    for (let i = 0; i < 3; i++) await slot(world, 60);
    // Nothing there was taken for gone, nothing launched there, and the rest came from the other place.
    for (const vmId of held) expect(world.state.vms.get(vmId)).toMatchObject({ state: 'ready', cordoned: false });
    const extra = world.liveRows().filter((vm) => !held.includes(vm.vmId));
    expect(extra.length).toBeGreaterThan(0);
    expect(extra.every((vm) => vm.dataCentre === 'dc2')).toBe(true);
    expect(faults(world)).toContain('provider-unknown');
    expect(lastSlot(world).plan.status).not.toBe('infeasible');
  });

  it('keeps what was begun there open, and takes over what came of it when it answers again', async () => {
    const world = worldOfTwoPlaces();
    world.advance(20_000);
    const lost = world.deps('one', (operation) => {
      // Launched, but the answer is lost with the process.
      if (operation === 'launched') throw new Error('crash');
    });
    await expect(scaleRegion(lost, 'slot')).rejects.toThrow('crash');
    const [intent] = await world.state.listOpenIntents();
    world.provider.silence('dc1');
    await slot(world, 1, false);
    await slot(world, 1, false);
    expect((await world.state.listOpenIntents()).map((open) => open.intentId)).toEqual([intent!.intentId]);
    world.provider.silence('dc1', false);
    await slot(world, 1);
    expect(world.state.vms.get(world.provider.live()[0]!.vmId)?.intentId).toBe(intent!.intentId);
    expect(await world.state.listOpenIntents()).toEqual([]);
  });

  it('is not believed to have launched nothing while it lists nothing', async () => {
    const world = worldOfTwoPlaces();
    world.advance(20_000);
    const hang = world.deps('one', (operation) => {
      if (operation === 'launch') world.provider.silence('dc1');
    });
    await scaleRegion(hang, 'slot');
    const open = async () => (await world.state.listOpenIntents()).map((intent) => intent.error);
    for (let i = 0; i < 3; i++) {
      expect(await open()).toEqual(['no-answer']);
      await slot(world, 1);
    }
    world.provider.silence('dc1', false);
    await slot(world, 1);
    expect(await open()).toEqual([]);
  });

  it('is not a reason to release anything anywhere', async () => {
    const world = worldOfTwoPlaces();
    for (let i = 0; i < 3; i++) await slot(world, 40);
    world.provider.silence('dc2');
    const before = world.provider.live().length;
    for (let i = 0; i < 8; i++) await slot(world, 1);
    expect(world.provider.live()).toHaveLength(before);
    expect(faults(world)).toContain('held-back');
    world.provider.silence('dc2', false);
    for (let i = 0; i < 8; i++) await slot(world, 1);
    expect(world.provider.live().length).toBeLessThan(before);
  });

  it('is planned around when it falls silent only at the launch', async () => {
    const world = worldOfTwoPlaces();
    await slot(world, 1);
    const launches = world.provider.calls.length;
    // It still lists, and hangs from then on.
    const hang = world.deps('one', (operation) => {
      if (operation === 'launch') world.provider.silence('dc1');
    });
    world.advance(20_000);
    world.arrive(60 * 20);
    world.beatAll();
    await scaleRegion(hang, 'slot');
    const asked = world.provider.calls.slice(launches).map((call) => call.offer.dataCentre);
    expect(asked[0]).toBe('dc1');
    expect(asked.slice(1).length).toBeGreaterThan(0);
    expect(asked.slice(1).every((place) => place === 'dc2')).toBe(true);
    expect(world.liveRows().some((vm) => vm.dataCentre === 'dc2')).toBe(true);
    expect(faults(world)).toContain('provider-unknown');
    // One hanging place is no bad image: the breaker stays closed.
    expect(faults(world)).not.toContain('circuit-open');
  });

  it('whose silent machines stop reporting is replaced elsewhere, and they are ended once it answers', async () => {
    const world = worldOfTwoPlaces();
    await slot(world, 1);
    const [lost] = world.liveRows();
    world.provider.silence('dc1');
    const between = async (ms: number) => {
      world.advance(ms);
      for (const vm of world.provider.live()) if (vm.vmId !== lost!.vmId) world.beat(vm.vmId);
      await scaleRegion(world.deps('one'), 'between');
    };
    await between(9_000);
    expect(
      world
        .liveRows()
        .filter((vm) => !vm.cordoned)
        .map((vm) => vm.dataCentre),
    ).toEqual(['dc2']);
    for (let i = 0; i < 4; i++) await between(8_000);
    expect(world.state.vms.get(lost!.vmId)).toMatchObject({ state: 'unhealthy', cordoned: true });
    expect(world.provider.terminated).toEqual([]);
    world.provider.silence('dc1', false);
    await between(2_000);
    expect(world.provider.terminated).toEqual([lost!.vmId]);
  });
});

describe('a termination', () => {
  it('that EC2 did not carry out is noticed by a later listing and made again', async () => {
    const world = createWorld({ offers: [near], sla: { planner: 'static' }, group: { minVms: 1 } });
    await slot(world, 0);
    world.advance(400_000);
    const [first] = world.provider.live();
    // Silent for good: it is to be ended, and the call is lost.
    const deps = world.deps('one');
    const deaf = { ...deps, provider: { ...deps.provider, terminate: async () => {} } };
    await scaleRegion(deaf, 'slot');
    expect(world.state.vms.get(first!.vmId)).toMatchObject({ state: 'terminated' });
    expect(world.provider.live().map((vm) => vm.vmId)).toContain(first!.vmId);
    for (let i = 0; i < 2; i++) {
      world.advance(20_000);
      for (const vm of world.provider.live()) if (vm.vmId !== first!.vmId) world.beat(vm.vmId);
      await scaleRegion(world.deps('one'), 'slot');
    }
    expect(world.provider.terminated).toEqual([first!.vmId]);
  });
});

describe('a launch without an answer', () => {
  const launchInto = async (came: boolean) => {
    const world = createWorld({ offers: [near, far], sla: { planner: 'static' }, group: { minVms: 1 } });
    world.advance(20_000);
    world.provider.silence('dc1');
    // The listing answers, the launch does not.
    const deps = world.deps('one');
    const { provider } = deps;
    await scaleRegion({ ...deps, provider: { ...provider, list: async () => ({ vms: [], unknown: [] }) } }, 'slot');
    const [intent] = [...world.state.intents.values()].filter((i) => i.status === 'open');
    expect(intent).toMatchObject({ offerId: near.id, error: 'no-answer' });
    expect(world.liveRows().map((vm) => vm.dataCentre)).toEqual(['dc2']);
    world.provider.silence('dc1', false);
    if (came) {
      world.provider.machines.set('vm-late', {
        vmId: 'vm-late',
        poolId: intent!.poolId,
        epoch: intent!.epoch,
        intentId: intent!.intentId,
        offerId: near.id,
        state: 'running',
        launchedAtMs: world.nowMs(),
      });
    }
    const calls = world.provider.calls.length;
    for (let i = 0; i < 3; i++) await slot(world, 0);
    expect(world.provider.calls).toHaveLength(calls);
    expect([...world.state.intents.values()].filter((i) => i.status === 'open')).toEqual([]);
    return { world, outcome: world.state.intents.get(intent!.intentId)! };
  };

  it('is adopted when something came of it after all', async () => {
    const { world, outcome } = await launchInto(true);
    expect(outcome).toMatchObject({ status: 'done', vmIds: ['vm-late'] });
    expect(world.state.vms.get('vm-late')).toBeDefined();
  });

  it('is closed, not repeated, when nothing did', async () => {
    const { outcome } = await launchInto(false);
    expect(outcome).toMatchObject({ status: 'failed', vmIds: [] });
  });
});

describe('types that stand in', () => {
  const twice = offerOf('b', {
    priceUsdPerHour: 0.11,
    type: { id: 'b', cores: 1, coreSpeed: 2, memoryMiB: 2048 },
  });

  it('are registered as what they are, and the plan is made again on what really came', async () => {
    const first = offerOf('a');
    const world = createWorld({ offers: [first, twice], provider: { standIns: true } });
    world.provider.fail(first.id, 'no-capacity', { room: 1 });
    const asked: PlanProblem[] = [];
    /** Wants four machines of the first offer, and is content with four of any kind. */
    const planFleet = (problem: PlanProblem, brief?: object): PlanResult => {
      // Alternatives, for the record only, are planned with a limit of their own.
      if (brief !== undefined) return plan(problem);
      asked.push(problem);
      const have = (problem.current ?? []).reduce((sum, c) => sum + c.count, 0);
      const launch = { do: 'launch' as const, offer: first.id, count: 4 - have, why: 'test' };
      return { ...plan(problem), status: 'optimal', actions: have < 4 ? [launch] : [] };
    };
    world.advance(20_000);
    await scaleRegion({ ...world.deps('one'), planFleet }, 'slot');
    expect(world.provider.calls).toHaveLength(1);
    expect(world.provider.calls[0]!.standIns?.map((offer) => offer.id)).toEqual([twice.id]);
    expect(world.liveRows().map((vm) => [vm.type.id, vm.type.coreSpeed, vm.priceUsdPerHour])).toEqual([
      ['a', 1, 0.1],
      ['b', 2, 0.11],
      ['b', 2, 0.11],
      ['b', 2, 0.11],
    ]);
    // The second plan was asked with what came, and with the first offer out.
    expect(asked).toHaveLength(2);
    expect(asked[1]!.current).toEqual([
      { offer: first.id, state: 'booting', count: 1 },
      { offer: twice.id, state: 'booting', count: 3 },
    ]);
    expect(asked[1]!.offers.find((offer) => offer.id === first.id)).toMatchObject({ max: 1 });
    expect(lastSlot(world).outcome.launched).toEqual([
      { offer: first.id, vmIds: ['vm-1'] },
      { offer: twice.id, vmIds: ['vm-2', 'vm-3', 'vm-4'] },
    ]);
  });

  it('are as fast and as large, hardly dearer, in the same place and by the same contract', () => {
    const wanted = offerOf('a', { priceUsdPerHour: 0.1 });
    const same = { cores: 1, coreSpeed: 1, memoryMiB: 2048 };
    const fits = offerOf('fits', { priceUsdPerHour: 0.12 });
    const others = [
      offerOf('dear', { priceUsdPerHour: 0.13 }),
      offerOf('slow', { type: { id: 'slow', ...same, coreSpeed: 0.9 } }),
      offerOf('wide', { type: { id: 'wide', ...same, cores: 2 } }),
      offerOf('small', { type: { id: 'small', ...same, memoryMiB: 1024 } }),
      offerOf('away', { dataCentre: 'dc2' }),
      offerOf('spot', { purchaseOption: 'spot' }),
    ];
    expect(standInsFor(wanted, [wanted, ...others, fits])).toEqual([fits]);
    const many = Array.from({ length: 5 }, (_, i) => offerOf(`m${i}`, { priceUsdPerHour: 0.12 - i / 100 }));
    expect(standInsFor(wanted, many).map((offer) => offer.type.id)).toEqual(['m4', 'm3', 'm2']);
  });

  it('are not asked for where all of them together would break a cap', async () => {
    const dearer = offerOf('b', { priceUsdPerHour: 0.12 });
    const world = createWorld({
      offers: [offerOf('a'), dearer],
      sla: { planner: 'static' },
      group: { minVms: 4, maxUsdPerHour: 0.45 },
    });
    world.advance(20_000);
    await scaleRegion(world.deps('one'), 'slot');
    expect(world.provider.calls[0]).toMatchObject({ count: 4 });
    expect(world.provider.calls[0]!.standIns).toBeUndefined();
  });

  it('have the N that all of a launch are told', async () => {
    const sized = (id: string, memoryMiB: number) => offerOf(id, { type: { id, cores: 1, coreSpeed: 1, memoryMiB } });
    // Room for two tasks in one, for four per core in the others.
    const world = createWorld({
      offers: [sized('a', 300), sized('b', 2048), sized('c', 310)],
      sla: { planner: 'static' },
    });
    world.advance(20_000);
    await scaleRegion(world.deps('one'), 'slot');
    expect(world.provider.calls[0]).toMatchObject({ offer: { type: { id: 'a' } }, sharingLimit: 2 });
    expect(world.provider.calls[0]!.standIns?.map((offer) => offer.type.id)).toEqual(['c']);
  });
});

describe('measured boot times', () => {
  it('are kept per type and kind of boot, and the planner counts on the p90 instead of the catalogue', async () => {
    const world = createWorld({
      offers: [offerOf('a', { bootS: 3, startS: 1 })],
      sla: { planner: 'static' },
      group: { minVms: 4 },
    });
    const asked: PlanProblem[] = [];
    const planFleet = (problem: PlanProblem, brief?: object): PlanResult => {
      // Alternatives, for the record only, are planned with a limit of their own.
      if (brief !== undefined) return plan(problem);
      asked.push(problem);
      return plan(problem);
    };
    world.advance(20_000);
    await scaleRegion(world.deps('one'), 'slot');
    const launchedAtMs = world.nowMs();
    world.advance(20_000);
    // Ready after 4, 5, 6 and 9 s by their own clocks; the look comes much later.
    const tookS = [4, 5, 6, 9];
    world.provider.live().forEach((vm, i) => {
      world.beat(vm.vmId, { readyAtMs: launchedAtMs + 1000 * tookS[i]! });
    });
    await scaleRegion(world.deps('one'), 'slot');
    const memory = world.state.documents.get('scaler/r1') as { boots: BootLog };
    expect(memory.boots).toEqual({ 'a/launch': { samplesS: tookS, p50S: 5, p90S: 9 } });
    const status = await scalingStatus({ scaler: world.deps('status'), geography: 'g', configFaults: () => [] });
    expect(status.bootTimes).toEqual({ 'a/launch': { p50S: 5, p90S: 9, boots: 4 } });
    expect(status.leadS).toBe(9);
    world.config.slas.get('default')!.planner = 'exact';
    world.advance(20_000);
    world.beatAll();
    await scaleRegion({ ...world.deps('one'), planFleet }, 'slot');
    expect(asked[0]!.offers[0]).toMatchObject({ bootS: 9, startS: 1 });
  });

  it('say nothing before three boots, forget old ones and ignore what is no time', () => {
    let log: BootLog = {};
    const key = bootKey('a', 'launch');
    log = recordBoot(recordBoot(log, key, 50), key, 60);
    expect(expectedBootS(log, key)).toBeNull();
    log = recordBoot(log, key, -3);
    log = recordBoot(log, key, Number.NaN);
    expect(log[key]?.samplesS).toEqual([50, 60]);
    for (let i = 0; i < 40; i++) log = recordBoot(log, key, 20);
    expect(log[key]).toMatchObject({ p50S: 20, p90S: 20 });
    expect(log[key]?.samplesS).toHaveLength(32);
    const [offer] = withMeasuredBoot([{ type: { id: 'a' }, bootS: 90 }], log, 600);
    expect(offer).toEqual({ type: { id: 'a' }, bootS: 20 });
    // Longer than a slot: the planner would launch nothing any more, and nothing would be measured.
    expect(withMeasuredBoot([{ type: { id: 'a' }, bootS: 3 }], log, 20)[0]).toMatchObject({ bootS: 18 });
  });
});
