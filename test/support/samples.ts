import type { ArrivalCount, LaunchIntent } from '../../lib/ports/state-store.ts';
import type { Heartbeat, VmRecord } from '../../lib/ports/vm.ts';

export const sampleVm = (overrides: Partial<VmRecord> = {}): VmRecord => ({
  vmId: 'vm-1',
  poolId: 'r1.small.default',
  cell: 0,
  type: { id: 'local.small', cores: 1, memoryMiB: 1024, coreSpeed: 1 },
  dataCentre: 'r1',
  purchaseOption: 'on-demand',
  priceUsdPerHour: 0.01,
  networkMs: 0,
  sharingLimit: 4,
  queueLimit: 16,
  state: 'ready',
  cordoned: false,
  intentId: 'intent-1',
  launchedAtMs: 1_000,
  readyAtMs: 2_000,
  drainingSinceMs: null,
  terminatedAtMs: null,
  ...overrides,
});

export const sampleHeartbeat = (overrides: Partial<Heartbeat> = {}): Heartbeat => ({
  vmId: 'vm-1',
  bootNonce: 'boot-1',
  url: 'https://127.0.0.1:1',
  certPem: 'PEM',
  certSha256: 'ab'.repeat(32),
  atMs: 10_000,
  sequence: 1,
  state: 'ready',
  running: 0,
  waiting: 0,
  claimedByBucket: {},
  completed: 0,
  refused: 0,
  handedOff: 0,
  demandByApp: {},
  bootMs: 1_000,
  isolation: 'process',
  ...overrides,
});

export const sampleIntent = (overrides: Partial<LaunchIntent> = {}): LaunchIntent => ({
  intentId: 'intent-1',
  epoch: 1,
  poolId: 'r1.small.default',
  offerId: 'local.small@r1/on-demand',
  count: 2,
  createdAtMs: 1_000,
  status: 'open',
  vmIds: [],
  error: null,
  ...overrides,
});

export const sampleArrivals = (overrides: Partial<ArrivalCount> = {}): ArrivalCount => ({
  poolId: 'r1.small.default',
  minuteStartMs: 60_000,
  count: 1,
  refused: 0,
  responseCount: 0,
  responseSumMs: 0,
  ...overrides,
});
