/** What the page knows: the last look at every region, the slots so far, and live figures since it was opened. */
import type { DemoState, PagePool, PageRegion, PageUpdate, SlotPoint } from '../lib/ports/contracts/page.ts';

/** Figures of one moment, from a slot before the page was opened or live since. */
export interface Moment {
  atMs: number;
  arrivalRatePerS: number;
  meanMs: number | null;
  p95Ms: number | null;
  usdPerHour: number;
}

export interface PoolHistory {
  slots: SlotPoint[];
  live: Moment[];
}

export interface Model {
  regions: PageRegion[];
  history: Map<string, PoolHistory>;
  demo: DemoState | null;
}

/** As many as the charts can show; older ones are dropped, so that the page does not grow. */
const mostSlots = 90;
/** The charts' width in slots, and the most live points in it: closer ones replace each other. */
export const slotsShown = 24;
const mostLive = 300;

export const emptyModel = (): Model => ({ regions: [], history: new Map(), demo: null });

/** Takes a look in. The model is the page's own; it is changed in place. */
export function take(model: Model, update: PageUpdate): void {
  model.regions = update.regions;
  model.demo = update.demo;
  for (const { poolId, points } of update.slots) {
    const history = historyOf(model, poolId);
    const byStart = new Map([...history.slots, ...points].map((point) => [point.slotStartMs, point]));
    history.slots = [...byStart.values()].sort((a, b) => a.slotStartMs - b.slotStartMs).slice(-mostSlots);
  }
  const known = new Set<string>();
  for (const region of update.regions) {
    for (const pool of region.pools) {
      known.add(pool.poolId);
      remember(historyOf(model, pool.poolId), region, pool);
    }
  }
  for (const poolId of model.history.keys()) if (!known.has(poolId)) model.history.delete(poolId);
}

export function historyOf(model: Model, poolId: string): PoolHistory {
  let history = model.history.get(poolId);
  if (history === undefined) {
    history = { slots: [], live: [] };
    model.history.set(poolId, history);
  }
  return history;
}

function remember({ live }: PoolHistory, { atMs, slotMs }: PageRegion, pool: PagePool): void {
  if (pool.live === null || live.at(-1)?.atMs === atMs) return;
  const { arrivalRatePerS, meanMs, p95Ms } = pool.live;
  const gapMs = (slotsShown * slotMs) / mostLive;
  // The newest always shows; it stays only if it is far enough from the one before.
  const previous = live.at(-2);
  if (previous !== undefined && live.at(-1)!.atMs - previous.atMs < gapMs) live.pop();
  live.push({ atMs, arrivalRatePerS, meanMs, p95Ms, usdPerHour: pool.rentUsdPerHour });
  if (live.length > mostLive) live.splice(0, live.length - mostLive);
}

/** What was measured, slot by slot before the page was opened and look by look since. */
export function moments({ slots, live }: PoolHistory): Moment[] {
  const firstMs = live[0]?.atMs ?? Number.POSITIVE_INFINITY;
  const before = slots
    .filter((slot) => slot.kind === 'slot' && slot.atMs < firstMs)
    .map(({ atMs, arrivalRatePerS, meanMs, p95Ms, usdPerHour }) => ({
      atMs,
      arrivalRatePerS,
      meanMs,
      p95Ms,
      usdPerHour,
    }));
  return [...before, ...live];
}

export type Standing = 'kept' | 'missed' | 'idle';

/** Whether a pool keeps its promise by what was measured: in the last seconds, else in the last slot. */
export function standingOf(pool: PagePool): { standing: Standing; measuredMs: number | null } {
  const isMean = pool.sla.indicator === 'mean';
  const live = isMean ? pool.live?.meanMs : pool.live?.p95Ms;
  const measuredMs = live ?? (isMean ? pool.measuredMeanMs : (pool.measuredP95Ms ?? null));
  if (measuredMs === null || measuredMs === undefined) return { standing: 'idle', measuredMs: null };
  return { standing: measuredMs <= pool.sla.targetMs ? 'kept' : 'missed', measuredMs };
}

/** Worth a card of its own: it has machines, requests or something to say. */
export const isActive = (pool: PagePool): boolean =>
  pool.fleet.length > 0 || (pool.live?.arrivalRatePerS ?? 0) > 0 || pool.faults.length > 0;
