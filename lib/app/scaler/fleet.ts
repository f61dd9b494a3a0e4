import type { CountedVm } from '../../domain/scaling/limits.ts';
import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import type { LaunchRequest, Offer } from '../../ports/compute-provider.ts';
import type { VmStore } from '../../ports/state-store.ts';
import type { Heartbeat, VmRecord } from '../../ports/vm.ts';

/** Most VMs of a cell: bounds what one occupancy query returns (docs/scale.md). */
const cellSize = 50;

/** Group and SLA of a pool id `region.group.sla`; neither contains a dot (`poolPartSchema`). */
export function groupOfPool(region: string, poolId: string): { groupId: string; slaId: string } | null {
  const prefix = `${region}.`;
  if (!poolId.startsWith(prefix)) return null;
  const rest = poolId.slice(prefix.length);
  const dot = rest.lastIndexOf('.');
  return dot <= 0 ? null : { groupId: rest.slice(0, dot), slaId: rest.slice(dot + 1) };
}

/** The region's machines during one run: registry rows and reports, kept in step with what is written. */
export class Fleet {
  readonly records: Map<string, VmRecord>;
  readonly heartbeats: Map<string, Heartbeat>;
  readonly #store: VmStore;
  /** Machines that the provider lists as stopped; null: not listed in this run, the rows are believed. */
  startable: ReadonlySet<string> | null = null;

  constructor(records: readonly VmRecord[], heartbeats: Map<string, Heartbeat>, store: VmStore) {
    this.records = new Map(records.map((vm) => [vm.vmId, vm]));
    this.heartbeats = heartbeats;
    this.#store = store;
  }

  async put(vm: VmRecord): Promise<void> {
    await this.#store.putVm(vm);
    this.records.set(vm.vmId, vm);
  }

  /** Everything that exists, stopped machines included. */
  existing(): VmRecord[] {
    return [...this.records.values()].filter((vm) => vm.state !== 'terminated');
  }

  /** Everything that still costs more than its disk. */
  live(): VmRecord[] {
    return this.existing().filter((vm) => vm.state !== 'stopped');
  }

  /** Of a pool, ready to be started: the provider is done with stopping them. */
  stopped(poolId: string): VmRecord[] {
    return this.existing().filter(
      (vm) => vm.poolId === poolId && vm.state === 'stopped' && (this.startable?.has(vm.vmId) ?? true),
    );
  }

  /** Stopped machines of a group and those on their way to become such. */
  warm(region: string, groupId: string): VmRecord[] {
    return this.existing().filter(
      (vm) => (vm.state === 'stopped' || vm.warming === true) && groupOfPool(region, vm.poolId)?.groupId === groupId,
    );
  }

  /** Takes work, or will once booted. */
  serving(poolId: string): VmRecord[] {
    return this.live().filter((vm) => vm.poolId === poolId && isServing(vm));
  }

  /** Everything of a group that counts against its caps. */
  counted(region: string, groupId: string): CountedVm[] {
    return this.live()
      .filter((vm) => groupOfPool(region, vm.poolId)?.groupId === groupId)
      .map((vm) => ({ poolId: vm.poolId, priceUsdPerHour: vm.priceUsdPerHour, serving: isServing(vm) }));
  }

  poolHeartbeats(poolId: string): Heartbeat[] {
    return this.live()
      .filter((vm) => vm.poolId === poolId)
      .flatMap((vm) => this.heartbeats.get(vm.vmId) ?? []);
  }

  /** Reports of a pool's machines, recently ended ones included: what they did still counts. */
  poolReports(poolId: string): { vm: VmRecord; beat: Heartbeat }[] {
    return [...this.records.values()].flatMap((vm) => {
      const beat = vm.poolId === poolId ? this.heartbeats.get(vm.vmId) : undefined;
      return beat === undefined ? [] : [{ vm, beat }];
    });
  }

  /** Writes the row of a machine that was just launched or adopted; an existing row stays as it is. */
  async register(
    vmId: string,
    request: LaunchRequest,
    launchedAtMs: number,
    options: { warming?: boolean } = {},
  ): Promise<void> {
    if (this.records.has(vmId)) return;
    await this.put({
      vmId,
      poolId: request.poolId,
      cell: this.#freeCell(request.poolId),
      ...fromOffer(request.offer),
      sharingLimit: request.sharingLimit,
      queueLimit: request.queueLimit,
      exact: request.exact,
      state: 'starting',
      cordoned: options.warming === true,
      ...(options.warming === true ? { warming: true } : {}),
      intentId: request.clientToken,
      launchedAtMs,
      readyAtMs: null,
      drainingSinceMs: null,
      terminatedAtMs: null,
    });
  }

  #freeCell(poolId: string): number {
    const sizes: number[] = [];
    for (const vm of this.existing()) if (vm.poolId === poolId) sizes[vm.cell] = (sizes[vm.cell] ?? 0) + 1;
    let cell = 0;
    while ((sizes[cell] ?? 0) >= cellSize) cell += 1;
    return cell;
  }
}

function isServing(vm: VmRecord): boolean {
  return !vm.cordoned && (vm.state === 'starting' || vm.state === 'ready');
}

function fromOffer(
  offer: Offer,
): Pick<VmRecord, 'type' | 'dataCentre' | 'purchaseOption' | 'priceUsdPerHour' | 'networkMs'> {
  const { type, dataCentre, purchaseOption, priceUsdPerHour, networkMs } = offer;
  return { type, dataCentre, purchaseOption, priceUsdPerHour, networkMs };
}

/** Serving VMs per offer, as the planner wants to know them. */
export function countByOffer(vms: readonly VmRecord[]): Map<string, { running: number; booting: number }> {
  const counts = new Map<string, { running: number; booting: number }>();
  for (const vm of vms) {
    const id = offerIdOf(vm);
    const count = counts.get(id) ?? { running: 0, booting: 0 };
    if (vm.state === 'ready') count.running += 1;
    else count.booting += 1;
    counts.set(id, count);
  }
  return counts;
}
