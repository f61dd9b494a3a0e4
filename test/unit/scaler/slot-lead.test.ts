import { describe, expect, it } from 'vitest';
import { leadMsOf, scaleRegion } from '../../../lib/app/scaler/scale-region.ts';
import { alignedStart, alignedTickAfter } from '../../../lib/domain/scaling/aligned-start.ts';
import { type BootLog, measuredLeadMs, recordLaunchTime } from '../../../lib/domain/scaling/boot-times.ts';
import { slotDue } from '../../../lib/domain/scaling/slot-due.ts';
import { createWorld, type World } from '../../support/scaler-world.ts';

const slotMs = 600_000;
const startMs = 1_000_200_000_000;
const launchesOf = (...tookS: number[]): BootLog => tookS.reduce<BootLog>(recordLaunchTime, {});

describe('a slot is planned', () => {
  const leadMs = 90_000;
  /** Every look of an hour at a given phase, the aligned ticks between; answers (slot start - time of its run) per slot. */
  const leadsAt = (phaseMs: number, leadMs: number): number[] => {
    let plannedMs: number | null = null;
    const leads: number[] = [];
    const times: number[] = [];
    for (let at = startMs + phaseMs; at < startMs + 6 * slotMs; at += 60_000) times.push(at);
    for (let slot = 1; slot <= 6; slot++) times.push(startMs + slot * slotMs - 90_000);
    for (const nowMs of times.sort((a, b) => a - b)) {
      const nextLookMs = Math.min(nowMs + 60_000, alignedTickAfter(nowMs, slotMs, 90_000));
      const due = slotDue({ nowMs, slotMs, leadMs, nextLookMs, plannedMs });
      if (due === null) continue;
      leads.push(due - nowMs);
      plannedMs = due;
    }
    // The first may be one that was missed before the hour began.
    return leads.slice(1);
  };

  it.each([0, 1, 13_000, 29_999, 30_000, 59_999])(
    'exactly by the aligned tick while that has its lead (phase %i ms)',
    (phase) => {
      expect(leadsAt(phase, leadMs)).toEqual(Array.from({ length: 6 }, () => leadMs));
    },
  );

  it.each([15_000, 42_000, 89_000, 91_000, 150_000, 480_000])(
    'once, at least %i ms and less than a look more before it',
    (lead) => {
      for (const phase of [0, 7_000, 31_000, 59_000]) {
        const leads = leadsAt(phase, lead);
        expect(leads.length).toBeGreaterThanOrEqual(4);
        for (const came of leads) {
          expect(came).toBeGreaterThanOrEqual(lead);
          expect(came).toBeLessThanOrEqual(lead + 60_000);
        }
      }
    },
  );

  it('late when its run was missed, for half a slot', () => {
    const at = (offsetMs: number) =>
      slotDue({
        nowMs: startMs + offsetMs,
        slotMs,
        leadMs,
        nextLookMs: startMs + offsetMs + 60_000,
        plannedMs: startMs - slotMs,
      });
    expect(at(-200_000)).toBeNull();
    expect(at(-100_000)).toBe(startMs);
    expect(at(0)).toBe(startMs);
    expect(at(slotMs / 2 - leadMs)).toBe(startMs);
    expect(at(slotMs / 2 - leadMs + 1)).toBeNull();
    expect(at(slotMs - leadMs - 60_000 + 1)).toBe(startMs + slotMs);
  });
});

describe('the lead', () => {
  const lead = (log: BootLog) => measuredLeadMs(log, 90_000, 15_000, slotMs);
  it('is the first value until three launches were measured, then their p90', () => {
    expect(lead({})).toBe(90_000);
    expect(lead(launchesOf(40, 41))).toBe(90_000);
    expect(lead(launchesOf(30, 31, 32, 33, 34, 35, 36, 37, 42, 300))).toBe(42_000);
  });
  it('stays within bounds', () => {
    expect(lead(launchesOf(2, 2, 2))).toBe(15_000);
    expect(measuredLeadMs(launchesOf(2, 2, 2), 3_000, 15_000, slotMs)).toBe(3_000);
    expect(lead(launchesOf(900, 900, 900))).toBe(540_000);
  });
});

describe('ticks of a region', () => {
  const options = { slotMs, leadMs: 90_000 };
  const planned = (world: World) =>
    world.state.slots.filter((row) => (row.body as { kind: string }).kind === 'slot').map((row) => row.slotStartMs);
  const tick = async (world: World) => scaleRegion(world.deps('one'), 'tick');

  it('follow what launches took, once per slot, and tell which slot they planned', async () => {
    const world = createWorld({ options });
    world.advance(startMs - 90_000 - world.nowMs());
    // The first value: a run 90 s before the slot, none in the looks after it.
    expect(await tick(world)).toMatchObject({ slotStartMs: startMs });
    world.advance(60_000);
    expect(await tick(world)).toMatchObject({ slotStartMs: null });
    // Boots of 150 s were measured: now a look before the aligned tick carries it out.
    const memory = world.state.documents.get('scaler/r1') as { launches?: BootLog };
    memory.launches = launchesOf(150, 150, 150);
    expect(leadMsOf(world.deps('one'), memory as never)).toBe(150_000);
    world.advance(startMs + slotMs - 215_000 - world.nowMs());
    expect(await tick(world)).toMatchObject({ slotStartMs: null });
    world.advance(60_000);
    expect(await tick(world)).toMatchObject({ slotStartMs: startMs + slotMs });
    world.advance(65_000);
    expect(await tick(world)).toMatchObject({ slotStartMs: null });
    expect(planned(world)).toEqual([startMs, startMs + slotMs]);
  });

  it('measure the launches of every type together, starts from stopped apart', async () => {
    const world = createWorld({ options, group: { minVms: 3 } });
    world.advance(startMs - 90_000 - world.nowMs());
    await tick(world);
    const launchedAtMs = world.nowMs();
    const vms = world.provider.live();
    expect(vms.length).toBeGreaterThanOrEqual(3);
    world.advance(60_000);
    for (const [i, vm] of vms.entries()) world.beat(vm.vmId, { readyAtMs: launchedAtMs + (40 + i) * 1000 });
    await tick(world);
    const memory = world.state.documents.get('scaler/r1') as never;
    expect(leadMsOf(world.deps('one'), memory)).toBe((40 + vms.length - 1) * 1000);
  });
});

it('a schedule starts with an aligned tick', () => {
  const soon = new Date(startMs - 90_000);
  expect(alignedStart(soon, 10, 90)).toEqual(soon);
  expect(alignedStart(new Date(soon.getTime() + 1), 10, 90).getTime()).toBe(soon.getTime() + slotMs);
});
