import { describe, expect, it } from 'vitest';
import { emptyModel, moments, standingOf, take } from '../../../dashboard/model.ts';
import type { PagePool, PageRegion, SlotPoint } from '../../../lib/ports/contracts/page.ts';
import { busyPool } from '../../support/busy-status.ts';

const slotMs = 20_000;
const pool = (overrides: Partial<PagePool> = {}): PagePool => ({
  ...busyPool,
  live: { arrivalRatePerS: 4, refusedPerS: 0, meanMs: 300, p95Ms: 900 },
  plans: [],
  ...overrides,
});
const region = (atMs: number, pools: PagePool[]): PageRegion => ({
  id: 'r1',
  geography: 'europe',
  atMs,
  slotMs,
  rentUsdPerHour: 1,
  placements: { remote: 0, local: 0, refused: 0 },
  pools,
  vms: [],
  faults: [],
  priceAgeHours: null,
});
const point = (slotStartMs: number): SlotPoint => ({
  slotStartMs,
  atMs: slotStartMs - 3_000,
  kind: 'slot',
  arrivalRatePerS: 3,
  forecastMeanPerS: 3,
  forecastPerS: 4,
  targetMs: 500,
  predictedMeanMs: 400,
  predictedP95Ms: 1_000,
  meanMs: 350,
  p95Ms: 800,
  refused: 0,
  usdPerHour: 0.5,
  fluidUsdPerHour: 0.2,
  paperUsdPerHour: 0.9,
  launched: 0,
  drained: 0,
  faults: 0,
});

describe('what the page knows', () => {
  it('stays bounded however long it is open, and always shows the newest', () => {
    const model = emptyModel();
    const poolId = busyPool.poolId;
    for (let s = 1; s <= 5_000; s++) {
      const slots = s % 20 === 0 ? [{ poolId, points: [point(s * 1_000)] }] : [];
      take(model, { regions: [region(s * 1_000, [pool()])], slots, demo: null });
    }
    const { live, slots } = model.history.get(poolId)!;
    expect(live.length).toBeLessThanOrEqual(300);
    // Thinned, not cut: what is left covers the charts' whole width.
    expect(live.at(-1)!.atMs - live[0]!.atMs).toBeGreaterThanOrEqual(24 * slotMs * 0.95);
    expect(live.at(-1)!.atMs).toBe(5_000_000);
    expect(slots.length).toBeLessThanOrEqual(90);
    expect(slots.at(-1)!.slotStartMs).toBe(5_000_000);
  });

  it('takes all slots again after a reconnection without doubling them, and forgets pools that are gone', () => {
    const model = emptyModel();
    const slots = [{ poolId: busyPool.poolId, points: [point(20_000), point(40_000)] }];
    const update = { regions: [region(50_000, [pool()])], slots, demo: null };
    take(model, update);
    take(model, update);
    const history = model.history.get(busyPool.poolId)!;
    expect(history.slots).toHaveLength(2);
    expect(history.live).toHaveLength(1);
    expect(moments(history).map((moment) => moment.atMs)).toEqual([17_000, 37_000, 50_000]);
    take(model, { regions: [region(60_000, [])], slots: [], demo: null });
    expect(model.history.size).toBe(0);
  });

  it('judges a promise by its own indicator, by the last seconds before the last slot', () => {
    expect(standingOf(pool())).toEqual({ standing: 'kept', measuredMs: 300 });
    const p95 = { ...busyPool.sla, indicator: 'p95' as const };
    expect(standingOf(pool({ sla: p95 }))).toEqual({ standing: 'missed', measuredMs: 900 });
    expect(standingOf(pool({ live: null }))).toEqual({ standing: 'missed', measuredMs: 510 });
    expect(standingOf(pool({ live: null, measuredMeanMs: null })).standing).toBe('idle');
  });
});
