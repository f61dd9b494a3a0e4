import type { Log } from '../../lib/ports/log.ts';
import { sweepGroups } from './cpu-cgroup.ts';
import { isAlive, processesWithEnv, signal } from './proc.ts';

/** Environment variable of every sandbox's outermost process; the value is the agent's process identity. */
const markerName = 'OAAS_SANDBOX_OF';
/** Control groups are named `<prefix><vm>.<agent's process identity>`. */
export const groupPrefix = 'oaas-vm-';

export const sandboxMarker = (agentIdentity: string): { name: string; value: string } => ({
  name: markerName,
  value: agentIdentity,
});

/** Processes of this agent that carry its marker, wherever they moved to. */
export const marked = (agentIdentity: string): number[] =>
  processesWithEnv((value) => value === agentIdentity, markerName);

/** Ends what agents that are gone (kill -9) left running, and removes their control groups. */
export function sweepLeftovers(log: Log): void {
  const orphans = processesWithEnv((value) => !isAlive(value), markerName);
  for (const pid of orphans) signal(pid, 'SIGKILL');
  const groups = sweepGroups(groupPrefix);
  if (orphans.length + groups > 0) log.info('swept leftovers', { processes: orphans.length, groups });
}
