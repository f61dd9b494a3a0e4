import { cheapestGroup } from '../../domain/dispatch/classify.ts';
import { matchesPattern } from '../../domain/scaling/offer-id.ts';
import type { Offer } from '../../ports/compute-provider.ts';
import type { App, VmTypeGroup } from '../../ports/contracts/config.ts';
import type { ConfigCache } from '../config-cache.ts';
import type { RegionConfig } from './deps.ts';

/** The configuration in force, with the classifier's own choice of group. */
export async function regionConfig(
  cache: ConfigCache,
  priceOf: (group: VmTypeGroup) => number | null,
): Promise<RegionConfig> {
  await cache.ready();
  const groups = cache.list('group');
  const priced = groups.map((group) => ({ ...group, priceUsdPerHour: priceOf(group) }));
  const byId = <T extends { id: string }>(rows: readonly T[]) => new Map(rows.map((row) => [row.id, row]));
  return {
    slas: byId(cache.list('sla')),
    apps: byId(cache.list('app')),
    groups: byId(groups),
    groupOf: ({ manifest }: App) =>
      cheapestGroup({ runtime: manifest.runtime, ...manifest.requirements }, priced)?.id ?? null,
  };
}

/** USD per hour of the cheapest offer that a group may rent; null: none. */
export function cheapestPrice(group: VmTypeGroup, offers: readonly Offer[]): number | null {
  const prices = offers
    .filter((offer) => matchesPattern(group.instanceTypes, offer.type.id))
    .map((offer) => offer.priceUsdPerHour);
  return prices.length === 0 ? null : Math.min(...prices);
}
