/*
 * Life of a VM's row: starting → ready (first `ready` heartbeat) → draining (cordoned, agent told) → terminated (after the agent
 * itself said `drained`: a stale busy flag once killed 22 running jobs) — or unhealthy (silent too long) → terminated, replaced.
 */
import type { VmRecord } from '../../ports/vm.ts';
import { closeBreakerOnReady, noteLaunch } from './launch-health.ts';
import { noteTerminated } from './reconcile.ts';
import { addFault, type Run } from './run.ts';

export async function watchHealth(run: Run): Promise<void> {
  await heedInterruptions(run);
  for (const vm of run.fleet.live()) await watchVm(run, vm);
}

/** Spot notices and the like: no new work at once, drained within the notice. */
async function heedInterruptions(run: Run): Promise<void> {
  for (const notice of await run.deps.provider.interruptions()) {
    const vm = run.fleet.records.get(notice.vmId);
    if (vm === undefined || vm.state === 'terminated' || vm.state === 'draining') continue;
    addFault(run, vm.poolId, 'interrupted', `${vm.vmId} will be taken back by the provider; draining`);
    await startDrain(run, vm);
  }
}

async function watchVm(run: Run, vm: VmRecord): Promise<void> {
  const { nowMs, deps } = run;
  const { options } = deps;
  if (vm.state === 'unhealthy') return endVm(run, vm);
  const beat = run.fleet.heartbeats.get(vm.vmId);
  if (beat === undefined) {
    if (nowMs - vm.launchedAtMs <= options.registrationTimeoutMs) return;
    addFault(
      run,
      vm.poolId,
      'launch-failed',
      `${vm.vmId} never reported within ${options.registrationTimeoutMs / 1000} s`,
    );
    noteLaunch(run, vm.poolId, false);
    return markUnhealthy(run, vm);
  }
  if (nowMs - beat.atMs > options.heartbeatMissingMs) {
    const silentS = ((nowMs - beat.atMs) / 1000).toFixed(0);
    addFault(run, vm.poolId, 'unhealthy', `${vm.vmId} has been silent for ${silentS} s; it is ended and replaced`);
    return markUnhealthy(run, vm);
  }
  if (vm.state === 'starting' && beat.state === 'ready') {
    await run.fleet.put({ ...vm, state: 'ready', readyAtMs: nowMs });
    closeBreakerOnReady(run, vm.poolId);
    return;
  }
  if (vm.state === 'draining') {
    const sinceMs = nowMs - (vm.drainingSinceMs ?? nowMs);
    if (beat.state === 'drained') return endVm(run, vm);
    if (sinceMs > options.drainTimeoutMs) {
      addFault(
        run,
        vm.poolId,
        'held-back',
        `${vm.vmId} did not empty within ${options.drainTimeoutMs / 1000} s; ended`,
      );
      return endVm(run, vm);
    }
    // The first request may have been lost; asking again is harmless.
    if (beat.state !== 'draining') await tellAgent(run, vm);
  }
}

async function markUnhealthy(run: Run, vm: VmRecord): Promise<void> {
  const marked: VmRecord = { ...vm, state: 'unhealthy', cordoned: true };
  await run.fleet.put(marked);
  await endVm(run, marked);
}

/** Ends a machine that holds no work any more (drained) or cannot be trusted with any (unhealthy). */
async function endVm(run: Run, vm: VmRecord): Promise<void> {
  run.guard.check();
  await run.deps.provider.terminate([vm.vmId]);
  await run.fleet.put({ ...vm, state: 'terminated', cordoned: true, terminatedAtMs: run.nowMs });
  noteTerminated(run, vm.poolId, vm.vmId);
}

/** Cordons first, so that no controller sends more, then tells the agent, which confirms by its heartbeat. */
export async function startDrain(run: Run, vm: VmRecord): Promise<void> {
  const draining: VmRecord = { ...vm, state: 'draining', cordoned: true, drainingSinceMs: run.nowMs };
  run.guard.check();
  await run.fleet.put(draining);
  await tellAgent(run, draining);
}

async function tellAgent(run: Run, vm: VmRecord): Promise<void> {
  const beat = run.fleet.heartbeats.get(vm.vmId);
  if (beat === undefined) return;
  try {
    await run.deps.agents.drain({ vmId: vm.vmId, url: beat.url, certPem: beat.certPem });
  } catch (error) {
    // Tried again at the next look; a dead agent falls silent and is ended as unhealthy.
    run.deps.log.warn('scaler: agent could not be told to drain', { vmId: vm.vmId, error: String(error) });
  }
}
