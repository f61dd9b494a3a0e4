/*
 * Life of a VM's row: starting → ready (first `ready` heartbeat) → draining (cordoned, agent told) → terminated (after the agent
 * itself said `drained`: a stale busy flag once killed 22 running jobs) or stopped (the warm pool is short) — or unhealthy (silent: no work, replaced) → ready again if it
 * comes back, terminated if it does not.
 */
import { bootKey, recordBoot, recordLaunchTime } from '../../domain/scaling/boot-times.ts';
import type { Heartbeat, VmRecord } from '../../ports/vm.ts';
import { endVm } from './end-vm.ts';
import { closeBreakerOnReady, noteLaunch } from './launch-health.ts';
import { addFault, type Run } from './run.ts';
import { stopVm, worthKeeping } from './warm-stop.ts';

export async function watchHealth(run: Run): Promise<void> {
  await heedInterruptions(run);
  for (const vm of run.fleet.live()) await watchVm(run, vm);
}

/**
 * Spot notices and the like: no new work at once, drained within the notice. On AWS the event's own function has mostly drained the
 * machine already; the decision log tells each notice once all the same.
 */
async function heedInterruptions(run: Run): Promise<void> {
  const told = new Set(run.memory.heeded);
  const notices = await run.deps.provider.interruptions();
  for (const notice of notices) {
    const vm = run.fleet.records.get(notice.vmId);
    if (vm === undefined || vm.state === 'terminated' || vm.state === 'stopped') continue;
    if (!told.has(vm.vmId))
      addFault(run, vm.poolId, 'interrupted', `${vm.vmId} will be taken back by the provider; draining`);
    told.add(vm.vmId);
    if (vm.state !== 'draining') await startDrain(run, vm);
  }
  run.memory.heeded = notices.map((notice) => notice.vmId).filter((vmId) => told.has(vmId));
}

async function watchVm(run: Run, vm: VmRecord): Promise<void> {
  const { nowMs, deps } = run;
  const { options } = deps;
  const beat = run.fleet.heartbeats.get(vm.vmId);
  // A machine that was stopped and started again still has the last words of its boot before.
  if (beat === undefined || (vm.restarted && beat.atMs < vm.launchedAtMs)) {
    if (nowMs - vm.launchedAtMs <= options.registrationTimeoutMs) return;
    const limitS = options.registrationTimeoutMs / 1000;
    addFault(run, vm.poolId, 'launch-failed', `${vm.vmId} never reported within ${limitS} s; it is ended`);
    noteLaunch(run, vm.poolId, false);
    return endVm(run, { ...vm, state: 'unhealthy', cordoned: true });
  }
  const silentMs = nowMs - beat.atMs;
  if (silentMs > options.heartbeatMissingMs) {
    if (silentMs > options.silentEndMs) return endVm(run, { ...vm, state: 'unhealthy', cordoned: true });
    if (vm.state === 'unhealthy') return;
    addFault(run, vm.poolId, 'unhealthy', `${vm.vmId} has been silent for ${(silentMs / 1000).toFixed(0)} s; replaced`);
    return run.fleet.put({ ...vm, state: 'unhealthy', cordoned: true });
  }
  // Not while the provider no longer lists it: its last words may be younger than its end.
  const back = vm.state === 'unhealthy' && run.memory.suspects[`gone/${vm.vmId}`] === undefined;
  if (back && vm.drainingSinceMs !== null) return run.fleet.put({ ...vm, state: 'draining' });
  if (back && vm.readyAtMs !== null && beat.state === 'ready')
    return run.fleet.put({ ...vm, state: 'ready', cordoned: false });
  // Silent while it booted: it may be meant for the warm pool.
  const boots = vm.state === 'starting' || (back && vm.readyAtMs === null);
  if (boots && beat.state === 'ready') {
    noteBoot(run, vm, beat);
    if (vm.warming) {
      closeBreakerOnReady(run, vm.poolId);
      return retire(run, vm);
    }
    await run.fleet.put({ ...vm, state: 'ready', cordoned: back ? false : vm.cordoned, readyAtMs: nowMs });
    closeBreakerOnReady(run, vm.poolId);
    return;
  }
  if (vm.state === 'draining') {
    const sinceMs = nowMs - (vm.drainingSinceMs ?? nowMs);
    if (beat.state === 'drained') return retire(run, vm);
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

/** Where a machine that holds no work goes: to the warm pool while that is short, else to its end. */
async function retire(run: Run, vm: VmRecord): Promise<void> {
  if (!run.unknown.has(vm.dataCentre) && worthKeeping(run, vm)) return stopVm(run, vm);
  return endVm(run, vm);
}

/** What this boot took, for the planner. */
function noteBoot(run: Run, vm: VmRecord, beat: Heartbeat): void {
  // The look comes up to a minute later: only the agent knows when it was ready.
  if (beat.readyAtMs === undefined) return;
  const key = bootKey(vm.type.id, vm.restarted ? 'start' : 'launch');
  const tookS = (beat.readyAtMs - vm.launchedAtMs) / 1000;
  run.memory.boots = recordBoot(run.memory.boots ?? {}, key, tookS);
  if (!vm.restarted) run.memory.launches = recordLaunchTime(run.memory.launches ?? {}, tookS);
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
