import type { ForecastState } from '../../domain/forecast/types.ts';
import type { AgentCursor } from '../../domain/scaling/agent-counters.ts';
import { type ArrivalCursor, freshCursor } from '../../domain/scaling/arrivals.ts';
import type { BootLog } from '../../domain/scaling/boot-times.ts';
import type { Breaker } from '../../domain/scaling/breaker.ts';
import { type DemandState, emptyDemand } from '../../domain/scaling/demand.ts';
import type { SetAside } from '../../domain/scaling/set-aside.ts';
import type { ScalerStore } from '../../ports/state-store.ts';
import type { LeaseGuard } from './lease-guard.ts';
import type { Release } from './release.ts';
import type { Untold } from './untold.ts';

/**
 * What the scaler remembers between runs, as documents of the store: any instance can take over after any crash.
 * Losing one costs accuracy, never correctness: machines and intents are reconciled from the provider.
 */
export interface RegionMemory {
  version: 1;
  setAside: SetAside;
  breakers: Record<string, Breaker>;
  throttledUntilMs: number;
  /** Launch → first heartbeat, measured per type; absent in documents of earlier versions. */
  boots?: BootLog;
  /** The same of all types together (`recordLaunchTime`): how long before a slot its run takes place. */
  launches?: BootLog;
  /** Start of the last slot whose regular run took place. */
  plannedSlotMs?: number;
  /** Machines that looked wrong at an earlier listing: first time seen so. */
  suspects: Record<string, number>;
  /** Machines whose interruption notice stands in the decision log, while the notice lasts. */
  heeded?: string[];
}

export interface PoolMemory {
  version: 1;
  /** Since the last slot, and since the last look between slots. */
  slotCursor: ArrivalCursor;
  burstCursor: ArrivalCursor;
  slotAgents: AgentCursor;
  burstAgents: AgentCursor;
  /** The last few seconds, look by look. */
  recent: { arrivals: number; spanMs: number }[];
  /** The running slot's own arrivals, from its start or the first look after it; absent in documents of earlier versions. */
  slotSoFar?: { startMs: number; arrivals: number; spanMs: number; answered?: number; responseSumMs?: number };
  waitingBefore: number;
  plannedRatePerS: number;
  /** VMs that served after the last plan was applied; fewer now means that some were lost. */
  servingPlanned: number;
  /** A launch failed in a way that is worth another try between slots. */
  retry: boolean;
  demand: DemandState;
  /** While machines rented under older settings of the group serve: since when, and how many machines the pool is meant to have. */
  replacing?: { sinceMs: number; vms: number };
  /** Machines beyond the last plan's fleet that serve until its slot has begun; absent: there are none. */
  release?: Release;
  /** Ends and faults since the last record. */
  untold?: Untold;
}

const regionKey = (region: string) => `scaler/${region}`;
const poolKey = (poolId: string) => `pool/${poolId}`;
const forecastKey = (poolId: string) => `forecast/${poolId}`;

const hasVersion1 = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && (body as { version?: unknown }).version === 1;

export async function readRegionMemory(store: ScalerStore, region: string): Promise<RegionMemory> {
  const body = await store.getDocument(regionKey(region));
  if (hasVersion1(body)) return body as RegionMemory;
  return { version: 1, setAside: {}, breakers: {}, throttledUntilMs: 0, suspects: {} };
}

export async function writeRegionMemory(
  store: ScalerStore,
  region: string,
  memory: RegionMemory,
  guard: LeaseGuard,
): Promise<void> {
  guard.accepted(await store.putDocument(regionKey(region), memory, guard.epoch));
}

/** @param sinceMs from when arrivals count for a pool that is new, the minute of that moment included */
export async function readPoolMemory(
  store: Pick<ScalerStore, 'getDocument'>,
  poolId: string,
  sinceMs: number,
): Promise<PoolMemory> {
  const body = await store.getDocument(poolKey(poolId));
  if (hasVersion1(body)) return body as PoolMemory;
  return {
    version: 1,
    slotCursor: { atMs: sinceMs, seen: [] },
    burstCursor: freshCursor(sinceMs),
    slotAgents: {},
    burstAgents: {},
    recent: [],
    waitingBefore: 0,
    plannedRatePerS: 0,
    servingPlanned: 0,
    retry: false,
    demand: emptyDemand,
  };
}

export async function writePoolMemory(
  store: ScalerStore,
  poolId: string,
  memory: PoolMemory,
  guard: LeaseGuard,
): Promise<void> {
  guard.accepted(await store.putDocument(poolKey(poolId), memory, guard.epoch));
}

/** Null: nothing learned yet, or with another slot length, which cannot be converted. */
export async function readForecaster(store: ScalerStore, poolId: string, slotS: number): Promise<ForecastState | null> {
  const body = await store.getDocument(forecastKey(poolId));
  if (!hasVersion1(body)) return null;
  const state = body as ForecastState;
  return state.slotS === slotS ? state : null;
}

export async function writeForecaster(
  store: ScalerStore,
  poolId: string,
  state: ForecastState,
  guard: LeaseGuard,
): Promise<void> {
  guard.accepted(await store.putDocument(forecastKey(poolId), state, guard.epoch));
}
