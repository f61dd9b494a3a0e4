import type { AgentAddress } from '../ports/agent-client.ts';
import type { InterruptionNotice, InterruptionStore } from '../ports/interruption-store.ts';
import type { Log } from '../ports/log.ts';
import type { HeartbeatStore, VmStore } from '../ports/state-store.ts';

export interface CordonDependencies {
  interruptions: InterruptionStore;
  state: VmStore & Pick<HeartbeatStore, 'getHeartbeats'>;
  agents: { drain(agent: AgentAddress): Promise<void> };
  log: Log;
}

/**
 * A machine will be taken back: note it for the scaler, take the machine out of placement and tell its agent, at once and without
 * the scaler's lease. If a run of the scaler overwrites the row meanwhile, its next look finds the notice and cordons again.
 */
export async function cordonInterrupted(
  deps: CordonDependencies,
  notice: InterruptionNotice,
): Promise<'cordoned' | 'not-ours'> {
  const { state, log } = deps;
  const vm = (await state.listVms()).find((row) => row.vmId === notice.vmId && row.state !== 'terminated');
  if (vm === undefined) return 'not-ours';
  await deps.interruptions.add(notice);
  await state.putVm({ ...vm, state: 'draining', cordoned: true, drainingSinceMs: vm.drainingSinceMs ?? notice.atMs });
  const beat = (await state.getHeartbeats([vm.vmId])).get(vm.vmId);
  if (beat !== undefined) {
    await deps.agents.drain({ vmId: vm.vmId, url: beat.url, certPem: beat.certPem }).catch((error: unknown) => {
      log.warn('interrupted agent could not be told to drain; the scaler tries again', {
        vmId: vm.vmId,
        error: String(error),
      });
    });
  }
  log.info('interrupted VM cordoned', { ...notice, poolId: vm.poolId });
  return 'cordoned';
}
