import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import type { VmRecord } from '../../ports/vm.ts';
import { addFault, type Run } from './run.ts';

/**
 * Ends a machine that holds no work any more (drained) or cannot be trusted with any (unhealthy). Where the provider does not answer
 * the row stays as it is, without work, and the next look tries again: a machine is only gone once that is known.
 */
export async function endVm(run: Run, vm: VmRecord): Promise<void> {
  run.guard.check();
  const held = run.unknown.has(vm.dataCentre) || !(await terminate(run, vm));
  if (held) {
    if (run.fleet.records.get(vm.vmId)?.state !== vm.state || !vm.cordoned)
      await run.fleet.put({ ...vm, cordoned: true });
    return;
  }
  await run.fleet.put({ ...vm, state: 'terminated', cordoned: true, terminatedAtMs: run.nowMs });
  noteTerminated(run, vm.poolId, vm.vmId);
}

export function noteTerminated(run: Run, poolId: string, vmId: string): void {
  run.terminated.set(poolId, [...(run.terminated.get(poolId) ?? []), vmId]);
  delete run.memory.suspects[`gone/${vmId}`];
  run.deps.log.info('scaler: VM ended', { vmId, offer: offerLabel(run, vmId) });
}

async function terminate(run: Run, vm: VmRecord): Promise<boolean> {
  try {
    await run.deps.provider.terminate([vm.vmId]);
    return true;
  } catch (error) {
    run.unknown.add(vm.dataCentre);
    addFault(run, vm.poolId, 'provider-unknown', `${vm.vmId} could not be ended, tried again: ${String(error)}`);
    return false;
  }
}

function offerLabel(run: Run, vmId: string): string | null {
  const vm = run.fleet.records.get(vmId);
  return vm ? offerIdOf(vm) : null;
}
