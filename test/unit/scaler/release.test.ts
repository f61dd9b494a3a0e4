import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../../lib/app/scaler/replace.ts';
import { scaleRegion } from '../../../lib/app/scaler/scale-region.ts';
import type { Offer } from '../../../lib/ports/compute-provider.ts';
import { slotBodySchema } from '../../../lib/ports/contracts/slot-record.ts';
import { createWorld, offerOf, poolId, type WorldOptions } from '../../support/scaler-world.ts';

const slotMs = 600_000;
const leadMs = 90_000;
const cheap = offerOf('cheap', { priceUsdPerHour: 0.03 });

/** A fleet for 40/s of a dear type, at the start of a slot. */
async function settled(world: Pick<WorldOptions, 'group' | 'provider'> = {}) {
  const offers: Offer[] = [offerOf('dear', { priceUsdPerHour: 0.1, bootS: 15, startS: 5 })];
  const made = createWorld({ ...world, offers, options: { slotMs, leadMs, registrationTimeoutMs: 900_000 } });
  made.advance(slotMs - ((made.nowMs() + leadMs) % slotMs));
  const run = async (kind: 'slot' | 'between', afterMs: number, ratePerS: number, beat = made.beatAll) => {
    made.advance(afterMs);
    made.arrive(Math.round((ratePerS * afterMs) / 1000));
    beat();
    await scaleRegion(made.deps('one'), kind);
  };
  const slot = async (ratePerS: number) => {
    await run('slot', slotMs - leadMs, ratePerS);
    made.beatAll();
  };
  for (let i = 0; i < 5; i++) {
    await run('between', leadMs, 40);
    await slot(40);
  }
  await run('between', leadMs, 40);
  const serving = (type?: string) =>
    made.liveRows().filter((vm) => !vm.cordoned && (type === undefined || vm.type.id === type));
  const beatOnly = (type: string) => () => {
    for (const vm of made.provider.live()) if (vm.offerId.startsWith(`${type}@`)) made.beat(vm.vmId);
  };
  const bodies = () => made.state.slots.map((row) => slotBodySchema.parse(row.body));
  return { world: made, run, serving, beatOnly, bodies, offerCheap: () => void offers.push(cheap) };
}

describe('what a plan does without', () => {
  it('serves until the slot has begun', async () => {
    const { world, run, serving, bodies } = await settled();
    let before = 0;
    let drained = 0;
    // The forecast falls over a few slots; the first plan that is clearly smaller counts.
    for (let i = 0; before - sizeOf(bodies().at(-1)!.plan.fleet) < 2; i++) {
      expect(i).toBeLessThan(6);
      if (i > 0) await run('between', leadMs, 20);
      [before, drained] = [serving().length, world.drained.length];
      await run('slot', slotMs - leadMs, 20);
    }
    expect(world.drained).toHaveLength(drained);
    expect(bodies().at(-1)).toMatchObject({
      kind: 'slot',
      plan: { notes: [expect.stringContaining('until the slot has begun')] },
      outcome: { draining: [] },
    });
    const planned = sizeOf(bodies().at(-1)!.plan.fleet);
    await run('between', leadMs - 1_000, 20);
    expect(world.drained).toHaveLength(drained);
    await run('between', 1_000, 20);
    expect(serving()).toHaveLength(planned);
    expect(world.drained.length - drained).toBe(before - planned);
    expect(bodies().at(-1)).toMatchObject({ kind: 'release', outcome: { draining: world.drained.slice(drained) } });
    // Once, and nothing is missed.
    const records = bodies().length;
    expect(world.state.documents.get(`pool/${poolId}`)).toMatchObject({ servingPlanned: planned });
    await run('between', 30_000, 20);
    expect(bodies()).toHaveLength(records);
  });

  it('serves until every machine that takes its place is ready', async () => {
    const { world, run, serving, beatOnly, bodies, offerCheap } = await settled();
    const dear = serving('dear').length;
    const drained = world.drained.length;
    offerCheap();
    await run('slot', slotMs - leadMs, 40);
    const cheaper = serving('cheap');
    expect(cheaper.length).toBeGreaterThanOrEqual(5);
    for (const afterMs of [60_000, 30_000, 60_000]) {
      await run('between', afterMs, 40, beatOnly('dear'));
      expect(serving('dear')).toHaveLength(dear);
    }
    // All but one.
    const late = cheaper[0]!.vmId;
    const allBut = () => {
      for (const vm of world.provider.live()) if (vm.vmId !== late) world.beat(vm.vmId);
    };
    await run('between', 5_000, 40, allBut);
    expect(world.drained).toHaveLength(drained);
    await run('between', 5_000, 40);
    expect(serving('dear')).toHaveLength(0);
    expect(serving('cheap').map((vm) => vm.state)).toEqual(cheaper.map(() => 'ready'));
    expect(bodies().at(-1)).toMatchObject({ kind: 'release', plan: { actions: [{ do: 'drain', count: dear }] } });
  });

  it('serves until its successors are ready also when the run came late', async () => {
    const { world, run, serving, offerCheap } = await settled();
    const dear = serving('dear').length;
    offerCheap();
    await run('slot', slotMs + 30_000, 40);
    expect(serving('cheap').length).toBeGreaterThanOrEqual(5);
    expect(serving('dear')).toHaveLength(dear);
    world.beatAll();
    await run('between', 30_000, 40);
    expect(serving('dear')).toHaveLength(0);
  });

  it('fills the warm pool, for which nothing is launched meanwhile', async () => {
    // In a twin of the world: in which slot of less load a plan is smaller first.
    const twin = await settled();
    let last = 0;
    for (; ; last++) {
      expect(last).toBeLessThan(6);
      await twin.run('slot', slotMs - leadMs, 20);
      if (
        twin
          .bodies()
          .at(-1)!
          .plan.notes.some((note) => note.includes('until the slot'))
      )
        break;
      await twin.run('between', leadMs, 20);
    }
    const { world, run } = await settled({ provider: { warm: true } });
    const launches = world.provider.calls.length;
    for (let i = 0; i < last; i++) {
      await run('slot', slotMs - leadMs, 20);
      await run('between', leadMs, 20);
    }
    world.setGroup({ warmVms: 1 });
    await run('slot', slotMs - leadMs, 20);
    for (const afterMs of [leadMs, 30_000, 30_000]) await run('between', afterMs, 20);
    expect(world.provider.calls).toHaveLength(launches);
    expect(world.provider.stopped).toHaveLength(1);
  });

  it('goes with the next run where no look came between, as far as neither slot needs it', async () => {
    const { world, run, serving, bodies } = await settled();
    const before = serving().length;
    for (let i = 0; i < 7; i++) {
      const [drained, last] = [world.drained.length, bodies().at(-1)!];
      await run('slot', i === 0 ? slotMs - leadMs : slotMs, 35 - 5 * i);
      const plan = bodies().at(-1)!;
      expect(plan.kind).toBe('slot');
      expect(plan.outcome.draining).toEqual(world.drained.slice(drained));
      expect(serving()).toHaveLength(Math.max(sizeOf(last.plan.fleet), sizeOf(plan.plan.fleet)));
      world.beatAll();
    }
    expect(serving().length).toBeLessThanOrEqual(before / 2);
  });

  it('stays where what should take its place is lost', async () => {
    const { world, run, serving, beatOnly, offerCheap } = await settled();
    const dear = serving('dear').length;
    offerCheap();
    await run('slot', slotMs - leadMs, 40);
    for (const vm of serving('cheap')) world.provider.machines.delete(vm.vmId);
    for (const afterMs of [60_000, 31_000, 60_000, 60_000]) await run('between', afterMs, 40, beatOnly('dear'));
    expect(serving('dear')).toHaveLength(dear);
    // Its successors' successors.
    await run('between', 30_000, 40);
    await run('between', 30_000, 40);
    expect(serving('cheap').length).toBeGreaterThanOrEqual(5);
  });

  it('does not take along what a burst has added meanwhile', async () => {
    const { world, run, serving, bodies, beatOnly, offerCheap } = await settled({ group: { maxVms: 100 } });
    offerCheap();
    await run('slot', slotMs - leadMs, 40);
    const planned = serving('cheap').length;
    world.arrive(0, 500);
    await run('between', 30_000, 120, beatOnly('dear'));
    expect(bodies().at(-1)).toMatchObject({ kind: 'burst' });
    const grown = serving('cheap').length;
    expect(grown).toBeGreaterThan(planned);
    for (const afterMs of [61_000, 30_000]) await run('between', afterMs, 40);
    expect(bodies().at(-1)).toMatchObject({ kind: 'release' });
    expect([serving('dear').length, serving('cheap').length]).toEqual([0, grown]);
  });

  it('is nobody’s business any more once its group was changed', async () => {
    const { world, run, serving, offerCheap } = await settled();
    offerCheap();
    await run('slot', slotMs - leadMs, 40);
    world.setGroup({ queueLimit: 7 });
    for (let i = 0; i < 12; i++) await run('between', 31_000, 40);
    expect(serving().every((vm) => vm.queueLimit === 7)).toBe(true);
    const memory = world.state.documents.get(`pool/${poolId}`) as { release?: unknown };
    expect(memory.release).toBeUndefined();
  });
});
