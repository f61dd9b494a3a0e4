import type { BundleStore } from '../ports/bundle-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Log } from '../ports/log.ts';
import { defaultGroups, defaultSlas } from './default-config.ts';

/** Fills an empty configuration table; what someone removed or changed since is left as it is. */
export async function putDefaults(store: ConfigStore, _bundles: BundleStore, clock: Clock, log: Log): Promise<void> {
  const [slas, groups] = await Promise.all([store.list('sla'), store.list('group')]);
  if (slas.length > 0 || groups.length > 0) return;
  const nowMs = clock.nowMs();
  for (const sla of defaultSlas) await store.put('sla', sla.id, sla, { nowMs, expectedVersion: 0 });
  for (const group of defaultGroups) await store.put('group', group.id, group, { nowMs, expectedVersion: 0 });
  log.info('first start: default configuration written');
}
