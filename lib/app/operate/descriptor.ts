import type { App } from '../../ports/contracts/config.ts';
import type { Descriptor } from '../../ports/contracts/operator.ts';
import type { Heartbeat, VmRecord } from '../../ports/vm.ts';

/**
 * The IoT paper's JSON back-end descriptor: which surrogates run an app, at which ports, where. A surrogate serves every app of
 * its group, so an app lists all ready machines of its group's pools.
 *
 * @param groupOf the group that serves an app, null when none does
 */
export function backEndDescriptor(
  region: string,
  apps: readonly App[],
  groupOf: (app: App) => string | null,
  vms: readonly VmRecord[],
  heartbeats: ReadonlyMap<string, Heartbeat>,
): Descriptor {
  const descriptor: Descriptor = {};
  for (const app of apps) {
    const prefix = `${region}.${groupOf(app)}.`;
    const hosts: Descriptor[string] = {};
    for (const vm of vms) {
      const beat = heartbeats.get(vm.vmId);
      if (beat?.state !== 'ready' || vm.cordoned || !vm.poolId.startsWith(prefix)) continue;
      if (beat.runtimes?.[app.manifest.runtime] === null) continue;
      const { hostname, port } = new URL(beat.url);
      const host = hosts[hostname] ?? { ports: [], location: vm.dataCentre };
      // One host may carry machines of several data centres only on a single computer: the location is then a list.
      if (!host.location.split(', ').includes(vm.dataCentre)) host.location += `, ${vm.dataCentre}`;
      host.ports.push(Number(port));
      hosts[hostname] = host;
    }
    for (const host of Object.values(hosts)) host.ports.sort((a, b) => a - b);
    descriptor[app.id] = hosts;
  }
  return descriptor;
}
