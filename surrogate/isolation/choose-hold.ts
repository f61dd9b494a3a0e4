import type { AgentConfig } from '../../lib/ports/contracts/agent-env.ts';
import { CgroupHold } from './cpu-cgroup.ts';
import { DutyCycleHold } from './cpu-duty.ts';
import { type CpuHold, noHold } from './cpu-hold.ts';
import { processIdentity } from './proc.ts';
import { groupPrefix } from './sweep.ts';

/** The strongest mechanism that works here, or the one asked for; its description says which. */
export function chooseHold(
  config: Pick<AgentConfig, 'vmId' | 'cores' | 'coreSpeed' | 'cpuHold'>,
): { ok: true; hold: CpuHold } | { ok: false; reason: string } {
  if (config.cpuHold === 'off') return { ok: true, hold: noHold('not held: the machine itself is the VM') };
  const name = `${groupPrefix}${config.vmId}.${processIdentity(process.pid)}`;
  const options = { name, totalCores: config.cores * config.coreSpeed };
  if (config.cpuHold === 'signals') return { ok: true, hold: new DutyCycleHold(options) };
  const groups = CgroupHold.try(options);
  if (groups instanceof CgroupHold) return { ok: true, hold: groups };
  if (config.cpuHold === 'groups') return { ok: false, reason: `control groups cannot be used: ${groups}` };
  return { ok: true, hold: new DutyCycleHold(options) };
}
