import { preparationPriorS } from '../../domain/scaling/demand.ts';
import { matchesPattern } from '../../domain/scaling/offer-id.ts';
import type { Offer } from '../../ports/compute-provider.ts';
import type { App, Sla, VmTypeGroup } from '../../ports/contracts/config.ts';
import type { RegionConfig } from './deps.ts';
import { groupOfPool } from './fleet.ts';

/** The agreement of apps that name none. */
export const defaultSlaId = 'default';

/** One (region, VM-type group, SLA) with everything that its fleet depends on. */
export interface Pool {
  poolId: string;
  groupId: string;
  group: VmTypeGroup;
  sla: Sla;
  apps: App[];
  /** False: it exists only because some request named its SLA. */
  own: boolean;
  /** 0 for a pool that is not an app's own. */
  minVms: number;
  /** Most memory that one task may use. */
  appMemoryMiB: number;
  /** Demand per request before anything was measured, CPU seconds on the reference core, preparation included. */
  demandPriorS: number;
}

/**
 * The pools to look after: those that apps belong to by their own SLA, those that were asked for, those with machines.
 * A pool whose group or SLA is gone is left out here: its machines are drained by the caller.
 */
export function poolsOf(region: string, config: RegionConfig, requested: Iterable<string>): Map<string, Pool> {
  const pools = new Map<string, Pool>();
  const appsOfGroup = new Map<string, App[]>();
  const own = new Map<string, App[]>();
  for (const app of config.apps.values()) {
    const groupId = config.groupOf(app);
    if (groupId === null) continue;
    appsOfGroup.set(groupId, [...(appsOfGroup.get(groupId) ?? []), app]);
    const poolId = `${region}.${groupId}.${app.manifest.slaId ?? defaultSlaId}`;
    own.set(poolId, [...(own.get(poolId) ?? []), app]);
  }
  for (const poolId of new Set([...own.keys(), ...requested])) {
    const parts = groupOfPool(region, poolId);
    const group = parts && config.groups.get(parts.groupId);
    const sla = parts && config.slas.get(parts.slaId);
    if (!parts || !group || !sla) continue;
    const ownApps = own.get(poolId);
    const apps = ownApps ?? appsOfGroup.get(parts.groupId) ?? [];
    pools.set(poolId, {
      poolId,
      groupId: parts.groupId,
      group,
      sla,
      apps,
      own: ownApps !== undefined,
      minVms: ownApps ? group.minVms : 0,
      appMemoryMiB: Math.max(64, ...apps.map((app) => app.manifest.requirements.memoryMiB)),
      demandPriorS: mean(apps.map(appPriorS)) ?? 0.1,
    });
  }
  return pools;
}

function appPriorS(app: App): number {
  const methods = Object.values(app.manifest.methods).map((m) => m.demandS);
  return (mean(methods) ?? 0.1) + preparationPriorS[app.manifest.runtime];
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** What may be rented for a pool: the group's types and purchase options, with memory for at least one task. */
export function poolOffers(pool: Pool, offers: readonly Offer[]): Offer[] {
  return offers.filter(
    (offer) =>
      matchesPattern(pool.group.instanceTypes, offer.type.id) &&
      pool.group.purchaseOptions.includes(offer.purchaseOption) &&
      offer.type.memoryMiB >= pool.appMemoryMiB,
  );
}
