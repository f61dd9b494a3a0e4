import type { Clock } from '../ports/clock.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { ConfigCache, ConfigFault } from './config-cache.ts';

/** One VM as the status page shows it. */
export interface VmStatus {
  vmId: string;
  poolId: string;
  type: string;
  dataCentre: string;
  purchaseOption: 'on-demand' | 'spot';
  priceUsdPerHour: number;
  state: string;
  running: number;
  waiting: number;
  sharingLimit: number;
  queueLimit: number;
  completed: number;
  refused: number;
  isolation: string | null;
  /** Milliseconds since it last reported; null when it never did. */
  heartbeatAgeMs: number | null;
}

export interface RegionStatus {
  regionId: string;
  geography: string;
  endpoint: string;
  atMs: number;
  pools: { poolId: string; vms: number; ready: number; running: number; waiting: number; rentUsdPerHour: number }[];
  vms: VmStatus[];
  configFaults: ConfigFault[];
}

export interface StatusDependencies {
  regionId: string;
  geography: string;
  endpoint: () => string;
  store: Pick<StateStore, 'listVms' | 'getHeartbeats'>;
  config: ConfigCache;
  clock: Clock;
}

export async function regionStatus(deps: StatusDependencies): Promise<RegionStatus> {
  await deps.config.ready();
  const nowMs = deps.clock.nowMs();
  const records = (await deps.store.listVms()).filter((vm) => vm.state !== 'terminated');
  const heartbeats = await deps.store.getHeartbeats(records.map((vm) => vm.vmId));
  const vms = records.map((vm): VmStatus => {
    const heartbeat = heartbeats.get(vm.vmId);
    return {
      vmId: vm.vmId,
      poolId: vm.poolId,
      type: vm.type.id,
      dataCentre: vm.dataCentre,
      purchaseOption: vm.purchaseOption,
      priceUsdPerHour: vm.priceUsdPerHour,
      state: vm.state,
      running: heartbeat?.running ?? 0,
      waiting: heartbeat?.waiting ?? 0,
      sharingLimit: vm.sharingLimit,
      queueLimit: vm.queueLimit,
      completed: heartbeat?.completed ?? 0,
      refused: heartbeat?.refused ?? 0,
      isolation: heartbeat?.isolation ?? null,
      heartbeatAgeMs: heartbeat === undefined ? null : nowMs - heartbeat.atMs,
    };
  });
  const pools = [...new Set(vms.map((vm) => vm.poolId))].sort().map((poolId) => {
    const own = vms.filter((vm) => vm.poolId === poolId);
    const sum = (value: (vm: VmStatus) => number) => own.reduce((total, vm) => total + value(vm), 0);
    return {
      poolId,
      vms: own.length,
      ready: own.filter((vm) => vm.state === 'ready').length,
      running: sum((vm) => vm.running),
      waiting: sum((vm) => vm.waiting),
      rentUsdPerHour: sum((vm) => vm.priceUsdPerHour),
    };
  });
  return {
    regionId: deps.regionId,
    geography: deps.geography,
    endpoint: deps.endpoint(),
    atMs: nowMs,
    pools,
    vms,
    configFaults: deps.config.faults(),
  };
}
