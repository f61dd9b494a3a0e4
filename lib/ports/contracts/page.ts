/** What the live page (dashboard/) and its server say to each other: types only, so that the page carries no validator. */
import type { PoolStatus } from './operator.ts';
import type { SlotBody } from './slot-record.ts';

export const pagePaths = {
  /** The page itself and its two scripts and style sheet. */
  root: '/dashboard/',
  stream: '/dashboard/api/stream',
  slot: '/dashboard/api/slot',
  problem: '/dashboard/api/problem',
  tasks: '/dashboard/api/tasks',
  demo: '/dashboard/api/demo',
} as const;

export interface PageVm {
  id: string;
  poolId: string;
  type: string;
  dataCentre: string;
  spot: boolean;
  state: string;
  cores: number;
  /** Null: it has not reported yet. */
  running: number | null;
  waiting: number | null;
  /** N: most tasks at once. */
  sharingLimit: number;
  usdPerHour: number;
  ageS: number;
  /** Seconds since its last report. */
  silentS: number | null;
}

/** Over the last seconds, between two slots. Null in a pool that is looked at for the first time. */
export interface PageLive {
  arrivalRatePerS: number;
  refusedPerS: number;
  meanMs: number | null;
  p95Ms: number | null;
}

export interface PagePool extends Omit<PoolStatus, 'measuredDemand'> {
  live: PageLive | null;
  /** The scaler's last runs, newest first. */
  plans: PagePlan[];
}

export interface PagePlan {
  slotStartMs: number;
  kind: SlotBody['kind'];
  trigger: string | null;
  status: string;
  reason: string | null;
  actions: SlotBody['plan']['actions'];
}

export interface PageRegion {
  id: string;
  geography: string;
  atMs: number;
  slotMs: number;
  rentUsdPerHour: number;
  /** Answers to placement requests since the system started. */
  placements: { remote: number; local: number; refused: number };
  pools: PagePool[];
  vms: PageVm[];
  faults: { kind: string; detail: string }[];
  /** Hours since the prices were fetched; null: a fixed table, as in local mode. */
  priceAgeHours: number | null;
}

/** One run of the scaler as the charts show it. */
export interface SlotPoint {
  slotStartMs: number;
  atMs: number;
  kind: SlotBody['kind'];
  arrivalRatePerS: number;
  forecastMeanPerS: number;
  forecastPerS: number;
  targetMs: number;
  predictedMeanMs: number | null;
  predictedP95Ms: number | null;
  meanMs: number | null;
  p95Ms: number | null;
  refused: number;
  usdPerHour: number;
  fluidUsdPerHour: number | null;
  paperUsdPerHour: number | null;
  launched: number;
  drained: number;
  faults: number;
}

export interface PageSlots {
  poolId: string;
  points: SlotPoint[];
}

export type DemoAction = 'day' | 'burst' | 'kill' | 'stop';

export interface DemoState {
  /** What runs now. */
  running: 'day' | 'burst' | null;
  startedAtMs: number | null;
  durationMs: number;
  sent: number;
  remote: number;
  /** Ran on the device after all. */
  fellBack: number;
  failed: number;
  /** What happened, newest last. */
  events: { atMs: number; text: string }[];
}

/** Everything that one look brought; `slots` carries only what is new since the last one. */
export interface PageUpdate {
  regions: PageRegion[];
  slots: PageSlots[];
  /** Null where there is no demo. */
  demo: DemoState | null;
}

/** One slot in full, for whoever clicks it. */
export interface PageSlotDetail {
  poolId: string;
  slotStartMs: number;
  body: SlotBody;
}
