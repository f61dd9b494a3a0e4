import type { ConfigStore } from '../ports/config-store.ts';
import { groupSchema, type Sla, slaSchema, type VmTypeGroup } from '../ports/contracts/config.ts';

/** Agreement of a new deployment; holds where a request and its app name none. */
const firstSla: Sla = slaSchema.parse({ id: 'default', indicator: 'mean', targetMs: 800 });

/** A group of a new deployment: small, current machines of both architectures, nothing rented before the first request. */
const firstGroup = (id: string): VmTypeGroup =>
  groupSchema.parse({
    id,
    runtimes: ['node', 'jvm'],
    memoryMiB: 1_024,
    vcpus: 2,
    instanceTypes: ['c7g.*', 'c7a.*', 'm7g.*', 'm7a.*', 't4g.*'],
    minVms: 0,
    maxVms: 20,
    maxUsdPerHour: 5,
  });

/** Fills an empty configuration table; what someone changed or removed since stays so. */
export async function writeFirstConfig(
  store: ConfigStore,
  groupIds: readonly string[],
  nowMs: number,
): Promise<'written' | 'present'> {
  const rows = await Promise.all([store.list('sla'), store.list('group')]);
  if (rows.some((list) => list.length > 0)) return 'present';
  const options = { nowMs, expectedVersion: 0 };
  await store.put('sla', firstSla.id, firstSla, options);
  for (const id of groupIds) await store.put('group', id, firstGroup(id), options);
  return 'written';
}
