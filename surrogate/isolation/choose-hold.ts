import type { AgentConfig } from '../../lib/ports/contracts/agent-env.ts';
import { CgroupHold, ordinaryWeight } from './cpu-cgroup.ts';
import { DutyCycleHold } from './cpu-duty.ts';
import { type CpuHold, noHold } from './cpu-hold.ts';
import { processIdentity } from './proc.ts';
import { groupPrefix } from './sweep.ts';

/** CPU seconds per second of a core of the VM. */
export const speedOf = ({ cpuHold, coreSpeed }: Pick<AgentConfig, 'cpuHold' | 'coreSpeed'>): number =>
  cpuHold === 'off' || cpuHold === 'machine' ? 1 : coreSpeed;

/** The strongest mechanism that works here, or the one asked for; its description says which. */
export function chooseHold(
  config: Pick<AgentConfig, 'vmId' | 'cores' | 'coreSpeed' | 'cpuHold'>,
): { ok: true; hold: CpuHold } | { ok: false; reason: string } {
  if (config.cpuHold === 'off') return { ok: true, hold: noHold('not held') };
  const name = `${groupPrefix}${config.vmId}.${processIdentity(process.pid)}`;
  if (config.cpuHold === 'machine') {
    const groups = CgroupHold.try({ name, totalCores: config.cores, weight: ordinaryWeight });
    if (groups instanceof CgroupHold) return { ok: true, hold: groups };
    return { ok: true, hold: noHold(`not held: control groups cannot be used: ${groups}`) };
  }
  // Held to its cores, but given them too when the machine is busy with others.
  const options = { name, totalCores: config.cores * config.coreSpeed, weight: 10 * ordinaryWeight };
  if (config.cpuHold === 'signals') return { ok: true, hold: new DutyCycleHold(options) };
  const groups = CgroupHold.try(options);
  if (groups instanceof CgroupHold) return { ok: true, hold: groups };
  if (config.cpuHold === 'groups') return { ok: false, reason: `control groups cannot be used: ${groups}` };
  return { ok: true, hold: new DutyCycleHold(options) };
}
