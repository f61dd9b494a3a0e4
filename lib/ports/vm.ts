import type { RuntimeId } from './contracts/config.ts';

/** A VM type as the region sees it. Speeds are per core, relative to the reference core (1.0). */
export interface VmType {
  id: string;
  cores: number;
  memoryMiB: number;
  coreSpeed: number;
}

/** `stopped`: in the warm pool, costs only its disk. */
export type VmState = 'starting' | 'ready' | 'draining' | 'stopped' | 'terminated' | 'unhealthy';

/** Registry row, written by the scaler only. */
export interface VmRecord {
  vmId: string;
  poolId: string;
  /** Cell of the pool, at most ~50 VMs each. */
  cell: number;
  type: VmType;
  /** AWS region (data centre) it was rented in. */
  dataCentre: string;
  purchaseOption: 'on-demand' | 'spot';
  /** As launched: the offer's until the listing has told the zone, then that zone's. */
  priceUsdPerHour: number;
  zone?: string;
  /** Device-surrogate round trip added by that data centre. */
  networkMs: number;
  sharingLimit: number;
  queueLimit: number;
  /** Its agent reports every change of occupancy at once (dispatch by true occupancy); absent in rows of earlier versions. */
  exact?: boolean;
  state: VmState;
  /** True: no new placements, whatever the state. */
  cordoned: boolean;
  intentId: string;
  /** Of this boot: launched, or started from stopped. */
  launchedAtMs: number;
  /** True: this boot was a start from stopped. */
  restarted?: boolean;
  /** True: launched for the warm pool; gets no work and is stopped once it is initialised. */
  warming?: boolean;
  readyAtMs: number | null;
  drainingSinceMs: number | null;
  terminatedAtMs: number | null;
}

/** What a VM says of itself; the only row it may write. All counters are monotone since boot. */
export interface Heartbeat {
  vmId: string;
  /** Fresh random value per boot; a ticket for another boot is refused. */
  bootNonce: string;
  url: string;
  certPem: string;
  certSha256: string;
  /** Server clock of the report. */
  atMs: number;
  sequence: number;
  state: 'starting' | 'ready' | 'draining' | 'drained';
  running: number;
  waiting: number;
  /** Exact tickets claimed per reservation bucket, recent buckets only. */
  claimedByBucket: Record<string, number>;
  completed: number;
  /** Σ over completed tasks of the time from arrival at the agent to the end of the run. */
  responseSumMs?: number;
  /** The same responses as counts per bucket (lib/domain/scaling/response-buckets.ts). */
  responseBuckets?: Record<string, number>;
  refused: number;
  handedOff: number;
  /** CPU seconds and runs per app digest since boot, sandbox preparation apart. */
  demandByApp: Record<string, { runs: number; cpuS: number; prepCpuS: number }>;
  /** Boot to ready, measured by the agent. */
  bootMs: number;
  /** When it became ready, by its own clock; absent in reports of earlier agents. */
  readyAtMs?: number;
  isolation: 'bubblewrap' | 'process';
  /** What executes the apps of each runtime; null: this VM serves none of it. Absent: not said, taken as all. */
  runtimes?: Partial<Record<RuntimeId, string | null>>;
}

/** Controller-owned count of issued reservations of one VM. */
export interface Occupancy {
  vmId: string;
  bootNonce: string;
  /** Reservations issued per bucket (see ticket.ts), buckets older than the TTL pruned. */
  issuedByBucket: Record<string, number>;
  /** Version for conditional writes, 0 = no row yet. */
  version: number;
}
