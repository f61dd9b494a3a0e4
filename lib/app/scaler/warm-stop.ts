import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import type { VmRecord } from '../../ports/vm.ts';
import { groupOfPool } from './fleet.ts';
import { isOutdated } from './outdated.ts';
import type { Run } from './run.ts';

/** Whether a machine that holds no work is worth keeping stopped. */
export function worthKeeping(run: Run, vm: VmRecord): boolean {
  const { region, provider } = run.deps;
  const groupId = groupOfPool(region, vm.poolId)?.groupId;
  const group = groupId === undefined ? undefined : run.config.groups.get(groupId);
  if (provider.warmPool === null || groupId === undefined || group === undefined) return false;
  if (isOutdated(run, vm)) return false;
  const offer = run.offers.find((o) => o.id === offerIdOf(vm));
  if (offer?.startS === undefined) return false;
  const warm = run.fleet.warm(region, groupId).filter((other) => other.vmId !== vm.vmId);
  return warm.length < group.warmVms;
}

/** Row first: if this run ends here, the next one sees a machine that should be stopped and is not. */
export async function stopVm(run: Run, vm: VmRecord): Promise<void> {
  const { warming: _, restarted: __, ...row } = vm;
  run.guard.check();
  await run.fleet.put({ ...row, state: 'stopped', cordoned: true, drainingSinceMs: null, readyAtMs: null });
  try {
    await run.deps.provider.warmPool?.stop([vm.vmId]);
  } catch (error) {
    run.deps.log.warn('scaler: VM could not be stopped, tried again', { vmId: vm.vmId, error: String(error) });
  }
  run.deps.log.info('scaler: VM stopped for the warm pool', { vmId: vm.vmId });
}
