import type { Heartbeat, Occupancy, VmRecord } from './vm.ts';

/** An exclusive claim with expiry and fencing epoch. */
export interface Lease {
  name: string;
  owner: string;
  epoch: number;
  expiresAtMs: number;
}

/** What a scaler is about to do, written before it does it. */
export interface LaunchIntent {
  intentId: string;
  epoch: number;
  poolId: string;
  offerId: string;
  count: number;
  /** Ids of the offers that might come instead; a repetition asks for the same. */
  standIns?: string[];
  /** True: for the warm pool. */
  warming?: boolean;
  /** What the machines are told; a repetition tells them the same, whatever the group says by then. Absent in intents of earlier versions. */
  settings?: { sharingLimit: number; queueLimit: number; exact: boolean };
  createdAtMs: number;
  status: 'open' | 'done' | 'failed';
  vmIds: string[];
  error: string | null;
}

/** Arrivals of one pool in one minute, summed over shards. */
export interface ArrivalCount {
  poolId: string;
  minuteStartMs: number;
  count: number;
  refused: number;
  /** Sums over answered requests as the clients and agents report them, for measured response. */
  responseCount: number;
  responseSumMs: number;
}

/** One slot of one pool: forecast, plan, outcome. The body is JSON the reader validates. */
export interface SlotRecord {
  poolId: string;
  slotStartMs: number;
  epoch: number;
  body: unknown;
}

/**
 * Regional state. Single-item conditional writes and queries only. Every method may throw StoreUnavailableError
 * (time-out, throttled after retries); an unknown count is never reported as zero.
 */
export interface VmStore {
  putVm(vm: VmRecord): Promise<void>;
  /** All VM rows of the region, terminated ones of the last hour included. */
  listVms(): Promise<VmRecord[]>;
  listPoolVms(poolId: string): Promise<VmRecord[]>;
  removeVm(poolId: string, vmId: string): Promise<void>;
}

export interface HeartbeatStore {
  /** Called by the VM itself. Ignores a report with a lower sequence of the same boot. */
  putHeartbeat(report: Heartbeat): Promise<void>;
  getHeartbeats(vmIds: readonly string[]): Promise<Map<string, Heartbeat>>;
  removeHeartbeat(vmId: string): Promise<void>;
}

export interface OccupancyStore {
  listOccupancy(poolId: string, cell: number): Promise<Map<string, Occupancy>>;
  /**
   * Writes `next` iff the stored version is `next.version - 1`; otherwise answers what is stored.
   */
  casOccupancy(
    poolId: string,
    cell: number,
    next: Occupancy,
  ): Promise<{ ok: true } | { ok: false; current: Occupancy | null }>;
}

export interface ArrivalStore {
  addArrivals(shard: string, counts: readonly ArrivalCount[]): Promise<void>;
  listArrivals(poolId: string, fromMs: number, toMs: number): Promise<ArrivalCount[]>;
  /** Pools that saw a placement request at or after `fromMs`. */
  activePools(fromMs: number): Promise<string[]>;
}

export interface LeaseStore {
  /** Takes or renews the lease. A new owner gets a higher epoch; null: another owner holds it. */
  acquire(name: string, owner: string, ttlMs: number, nowMs: number): Promise<Lease | null>;
  release(lease: Lease): Promise<void>;
}

export interface ScalerStore {
  /** Rejects (`stale`) when a higher epoch has written before. */
  putIntent(intent: LaunchIntent): Promise<'written' | 'stale'>;
  listOpenIntents(): Promise<LaunchIntent[]>;
  putSlot(record: SlotRecord): Promise<'written' | 'stale'>;
  listSlots(poolId: string, fromMs: number, toMs: number): Promise<SlotRecord[]>;
  /** Forecaster state and learned demand, one document per key. */
  putDocument(key: string, body: unknown, epoch: number): Promise<'written' | 'stale'>;
  getDocument(key: string): Promise<unknown | null>;
}

export interface StateStore extends VmStore, HeartbeatStore, OccupancyStore, ArrivalStore, LeaseStore, ScalerStore {}
