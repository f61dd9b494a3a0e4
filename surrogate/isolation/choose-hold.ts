import type { AgentConfig } from '../../lib/ports/contracts/agent-env.ts';
import { CgroupHold } from './cpu-cgroup.ts';
import { DutyCycleHold } from './cpu-duty.ts';
import { type CpuHold, noHold } from './cpu-hold.ts';
import { processIdentity } from './proc.ts';
import { groupPrefix } from './sweep.ts';

/** The strongest mechanism that works here; its description says which. */
export function chooseHold(config: Pick<AgentConfig, 'vmId' | 'cores' | 'coreSpeed' | 'holdCpu'>): CpuHold {
  if (!config.holdCpu) return noHold('not held: the machine itself is the VM');
  const name = `${groupPrefix}${config.vmId}.${processIdentity(process.pid)}`;
  const options = { name, totalCores: config.cores * config.coreSpeed };
  const groups = CgroupHold.try(options);
  return groups instanceof CgroupHold ? groups : new DutyCycleHold(options);
}
