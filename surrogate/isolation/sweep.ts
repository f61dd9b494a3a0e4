import type { Log } from '../../lib/ports/log.ts';
import { sweepGroups } from './cpu-cgroup.ts';
import { isAlive, processesWithEnv, signal } from './proc.ts';

/** Environment variable of a sandbox's outermost processes; the value is `<agent's process identity>#<slot>`. */
const markerName = 'OAAS_SANDBOX_OF';
/** Control groups are named `<prefix><vm>.<agent's process identity>`. */
export const groupPrefix = 'oaas-vm-';

export const sandboxMarker = (agentIdentity: string) => (slotIndex: number) => ({
  name: markerName,
  value: `${agentIdentity}#${slotIndex}`,
});

/** Ends what agents that are gone (kill -9) left running, and removes their control groups. */
export function sweepLeftovers(log: Log): void {
  const orphans = processesWithEnv((value) => !isAlive(value.split('#')[0] ?? ''), markerName);
  for (const pid of orphans) signal(pid, 'SIGKILL');
  const groups = sweepGroups(groupPrefix);
  if (orphans.length + groups > 0) log.info('swept leftovers', { processes: orphans.length, groups });
}
