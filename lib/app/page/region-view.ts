/*
 * One region as the live page sees it, with the scaler's own eyes: the same rows, the same counters, no effect.
 *
 * Lifecycle: made once; `look` is called while somebody watches and remembers a few seconds of counters and the slots already sent;
 * `forget` drops both when nobody watches any more, so that an unwatched system keeps nothing. Failure: a store that does not answer
 * rejects the look; the caller tries again with the next tick.
 */
import type { PlanProblem } from '../../domain/planner/types.ts';
import type { PageLive, PagePool, PageRegion, PageSlotDetail, PageSlots, PageVm } from '../../ports/contracts/page.ts';
import { type SlotBody, slotBodySchema } from '../../ports/contracts/slot-record.ts';
import { poolStatus, rentOf } from '../operate/scaling-status.ts';
import type { ScalerDeps } from '../scaler/deps.ts';
import type { Fleet } from '../scaler/fleet.ts';
import { type PoolMemory, readPoolMemory } from '../scaler/memory.ts';
import { observe } from '../scaler/observe.ts';
import { type Pool, poolOffers, poolsOf } from '../scaler/pools.ts';
import { planProblem } from '../scaler/problem.ts';
import { readFleet, requestedPools } from '../scaler/scale-region.ts';
import { planLineOf, pointOf } from './slot-points.ts';

export interface RegionViewDependencies {
  scaler: ScalerDeps;
  geography: string;
  configFaults: () => { kind: string; detail: string }[];
  placements: () => PageRegion['placements'];
  priceAgeHours: () => number | null;
}

export interface RegionView {
  id: string;
  look(): Promise<{ region: PageRegion; slots: PageSlots[] }>;
  /** Every slot that the looks so far have brought, for a watcher who comes later. */
  history(): PageSlots[];
  forget(): void;
  /** A slot in full; null: not recorded. */
  slot(poolId: string, slotStartMs: number): Promise<PageSlotDetail | null>;
  /** What the planner would be asked for a pool if nothing ran yet: where the what-if panel begins. Null: no such pool. */
  problem(poolId: string): Promise<PlanProblem | null>;
}

/** Live figures are over about this long: a few heartbeats of every machine. */
const liveWindowMs = 12_000;
const liveStepMs = 3_000;
/** Slots shown: half an hour of a local system, a day and a quarter of the real one. */
const mostSlots = 90;
const mostPlans = 8;

interface Cursor {
  atMs: number;
  memory: Pick<PoolMemory, 'slotCursor' | 'slotAgents' | 'demand'>;
}

interface SeenPool {
  slots: { slotStartMs: number; body: SlotBody }[];
  cursors: Cursor[];
}

export function createRegionView(deps: RegionViewDependencies): RegionView {
  const { scaler } = deps;
  const { slotMs } = scaler.options;
  const seen = new Map<string, SeenPool>();

  async function newSlots(poolId: string, known: SeenPool, nowMs: number): Promise<PageSlots> {
    const last = known.slots.at(-1)?.slotStartMs;
    // A run takes place before its slot begins, one between slots may therefore be recorded after it with an earlier start.
    const from = last === undefined ? nowMs - mostSlots * slotMs : last - slotMs;
    const rows = await scaler.state.listSlots(poolId, from, nowMs + 2 * slotMs);
    const fresh = rows.flatMap((row) => {
      if (known.slots.some((slot) => slot.slotStartMs === row.slotStartMs)) return [];
      const body = slotBodySchema.safeParse(row.body);
      return body.success ? [{ slotStartMs: row.slotStartMs, body: body.data }] : [];
    });
    known.slots = [...known.slots, ...fresh].sort((a, b) => a.slotStartMs - b.slotStartMs).slice(-mostSlots);
    return { poolId, points: fresh.map(({ slotStartMs, body }) => pointOf(slotStartMs, body)) };
  }

  async function live(pool: Pool, known: SeenPool, fleet: Fleet, nowMs: number): Promise<PageLive | null> {
    const [oldest] = known.cursors;
    const memory: PoolMemory = {
      ...(await readNothing(pool.poolId, nowMs)),
      ...(oldest === undefined ? {} : structuredClone(oldest.memory)),
    };
    const { window } = await observe({ deps: scaler, fleet, nowMs }, pool, memory, 'slot');
    const { slotCursor, slotAgents, demand } = memory;
    const latest = known.cursors.at(-1);
    if (latest === undefined || nowMs - latest.atMs >= liveStepMs) {
      known.cursors.push({ atMs: nowMs, memory: { slotCursor, slotAgents, demand } });
      while (known.cursors.length > 2 && nowMs - known.cursors[1]!.atMs > liveWindowMs) known.cursors.shift();
    }
    // The first look sees everything since the machines began.
    if (oldest === undefined) return null;
    const spanS = Math.max(0.001, (window.toMs - window.fromMs) / 1000);
    return {
      arrivalRatePerS: window.arrivalRatePerS,
      refusedPerS: window.refused / spanS,
      meanMs: window.meanResponseMs,
      p95Ms: window.p95ResponseMs,
    };
  }

  return {
    id: scaler.region,
    async look() {
      const nowMs = scaler.clock.nowMs();
      const { fleet, config } = await readFleet(scaler, nowMs);
      const requested = await requestedPools({ deps: scaler, nowMs, fleet });
      const pools: PagePool[] = [];
      const slots: PageSlots[] = [];
      for (const pool of poolsOf(scaler.region, config, requested).values()) {
        const known = seen.get(pool.poolId) ?? { slots: [], cursors: [] };
        seen.set(pool.poolId, known);
        const fresh = await newSlots(pool.poolId, known, nowMs);
        if (fresh.points.length > 0) slots.push(fresh);
        const bodies = known.slots.map(({ body }) => body);
        pools.push({
          ...poolStatus(pool, fleet, bodies.slice(-20), nowMs),
          live: await live(pool, known, fleet, nowMs),
          plans: known.slots
            .slice(-mostPlans)
            .reverse()
            .map(({ slotStartMs, body }) => planLineOf(slotStartMs, body)),
        });
      }
      const region: PageRegion = {
        id: scaler.region,
        geography: deps.geography,
        atMs: nowMs,
        slotMs,
        rentUsdPerHour: rentOf(fleet),
        placements: { ...deps.placements() },
        pools,
        vms: vmsOf(fleet, nowMs),
        faults: deps.configFaults(),
        priceAgeHours: deps.priceAgeHours(),
      };
      return { region, slots };
    },
    history() {
      return [...seen].map(([poolId, { slots }]) => ({
        poolId,
        points: slots.map(({ slotStartMs, body }) => pointOf(slotStartMs, body)),
      }));
    },
    forget: () => seen.clear(),
    async slot(poolId, slotStartMs) {
      const [row] = await scaler.state.listSlots(poolId, slotStartMs, slotStartMs + 1);
      const body = slotBodySchema.safeParse(row?.body);
      return body.success ? { poolId, slotStartMs, body: body.data } : null;
    },
    async problem(poolId) {
      const nowMs = scaler.clock.nowMs();
      const { fleet, config, offers } = await readFleet(scaler, nowMs);
      const pool = poolsOf(scaler.region, config, await requestedPools({ deps: scaler, nowMs, fleet })).get(poolId);
      if (pool === undefined) return null;
      const last = seen.get(poolId)?.slots.at(-1)?.body;
      return planProblem({
        pool,
        offers: poolOffers(pool, offers),
        serving: [],
        stopped: [],
        unknown: new Set(),
        demandS: last?.observed.demandS ?? pool.demandPriorS,
        arrivalRatePerS: last?.forecast.quantileRatePerS ?? 0,
        limits: { maxVms: pool.group.maxVms, maxUsdPerHour: pool.group.maxUsdPerHour },
        room: null,
        setAside: {},
        nowMs,
        billing: scaler.options.billing,
        horizonS: slotMs / 1000,
        overheadMs: scaler.options.overheadMs,
      });
    },
  };
}

/** What a pool's memory is before anything was counted; the scaler's own is none of the page's business. */
const nothingStored = { getDocument: async () => null };
const readNothing = (poolId: string, nowMs: number): Promise<PoolMemory> =>
  readPoolMemory(nothingStored, poolId, nowMs);

function vmsOf(fleet: Fleet, nowMs: number): PageVm[] {
  return fleet
    .existing()
    .sort((a, b) => a.launchedAtMs - b.launchedAtMs || (a.vmId < b.vmId ? -1 : 1))
    .map((vm) => {
      const beat = fleet.heartbeats.get(vm.vmId);
      return {
        id: vm.vmId,
        poolId: vm.poolId,
        type: vm.type.id,
        dataCentre: vm.dataCentre,
        spot: vm.purchaseOption === 'spot',
        state: vm.state,
        cores: vm.type.cores,
        running: beat?.running ?? null,
        waiting: beat?.waiting ?? null,
        sharingLimit: vm.sharingLimit,
        usdPerHour: vm.priceUsdPerHour,
        ageS: (nowMs - vm.launchedAtMs) / 1000,
        silentS: beat === undefined ? null : (nowMs - beat.atMs) / 1000,
      };
    });
}
