/*
 * Reconcile: the provider's list is the truth, the registry follows.
 *
 * - An open intent is one that some run (this scaler's or another's, crashed or merely slow) wrote but did not finish. It is carried
 *   out again with the same client token: the provider launches at most once per token, so the answer is what that run launched or
 *   would have, and a slow rival that wakes up launches nothing more.
 * - A row whose machine is gone is closed after a second listing; until then it gets no work. A listing that fails ends the run:
 *   an unknown count is never zero.
 * - A launch says what came, the listing where: from then on the machine's rent is that of its zone.
 * - A machine that nobody knows is left alone until it is old enough, seen twice, and then ended.
 */
import { priceIn } from '../../domain/pricing/zone-prices.ts';
import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import type { LaunchOutcome, LaunchRequest, ProviderVm } from '../../ports/compute-provider.ts';
import type { LaunchIntent } from '../../ports/state-store.ts';
import type { VmRecord } from '../../ports/vm.ts';
import { endVm, noteTerminated } from './end-vm.ts';
import { groupOfPool } from './fleet.ts';
import { frozenSettings } from './outdated.ts';
import { type Pool, poolsOf } from './pools.ts';
import { addFault, type Run } from './run.ts';
import { stopVm, worthKeeping } from './warm-stop.ts';

/** Error of an intent whose launch got no answer: whether anything was launched is for the listing to say. */
export const noAnswer = 'no-answer';

/** Rows of machines that ended are kept this long for status and explain. */
const keepTerminatedMs = 3_600_000;
/** Client tokens are honoured for at least a day (EC2); an older intent can no longer be repeated safely. */
const tokenValidMs = 23 * 3_600_000;

export async function reconcile(run: Run, listed: readonly ProviderVm[]): Promise<void> {
  const byId = new Map(listed.map((vm) => [vm.vmId, vm]));
  await finishIntents(run, byId);
  await closeGoneRows(run, byId);
  await noteZones(run, byId);
  await endOrphans(run, listed);
  await dropOldRows(run);
}

/** What to tell the provider for an intent; null when its pool or offer no longer exists. */
export function launchRequestOf(run: Run, intent: LaunchIntent, pool: Pool | undefined): LaunchRequest | null {
  const offer = run.offers.find((o) => o.id === intent.offerId);
  if (!pool || !offer) return null;
  return {
    clientToken: intent.intentId,
    poolId: intent.poolId,
    epoch: intent.epoch,
    offer,
    count: intent.count,
    ...(intent.settings ?? frozenSettings(pool, offer.type)),
    ...(intent.standIns === undefined
      ? {}
      : { standIns: intent.standIns.flatMap((id) => run.offers.find((o) => o.id === id) ?? []) }),
  };
}

async function finishIntents(run: Run, listed: ReadonlyMap<string, ProviderVm>): Promise<void> {
  const { deps, guard } = run;
  const open = await deps.state.listOpenIntents();
  if (open.length === 0) return;
  const pools = poolsOf(deps.region, run.config, new Set(open.map((intent) => intent.poolId)));
  for (const intent of open) {
    const request = launchRequestOf(run, intent, pools.get(intent.poolId));
    const tooOld = run.nowMs - intent.createdAtMs > tokenValidMs;
    if (request === null || tooOld) {
      const error = tooOld ? 'token no longer valid' : 'pool or offer no longer exists';
      guard.accepted(await deps.state.putIntent({ ...intent, status: 'failed', error, epoch: guard.epoch }));
      continue;
    }
    // Its data centre says nothing now: neither launched again nor given up.
    if (run.unknown.has(request.offer.dataCentre)) continue;
    const outcome = intent.error === noAnswer ? launchedUnder(run, intent, listed) : await relaunch(run, request);
    if (outcome === null || (outcome.failure === noAnswer && outcome.vmIds.length === 0)) continue;
    // Not listed yet: launched by this very call, and not to be taken for gone.
    await registerLaunched(run, request, outcome, (vmId) => listed.get(vmId)?.launchedAtMs ?? run.nowMs, intent);
    const status = outcome.vmIds.length > 0 ? 'done' : 'failed';
    const done = { ...intent, status, vmIds: outcome.vmIds, error: outcome.detail, epoch: guard.epoch } as const;
    guard.accepted(await deps.state.putIntent(done));
    deps.log.info('scaler: carried out what an earlier run had begun', { intentId: intent.intentId, status });
  }
}

/** The token that launches once makes this safe, whatever the earlier run still does. */
async function relaunch(run: Run, request: LaunchRequest): Promise<LaunchOutcome> {
  run.guard.check();
  const outcome = await run.deps.provider.launch(request);
  if (outcome.failure === noAnswer) run.unknown.add(request.offer.dataCentre);
  return outcome;
}

/**
 * A launch that nobody answered was planned around; it is not repeated. What carries the intent's tag was launched by it; nothing does,
 * and time enough has passed for a listing to show it: it launched nothing. Null: too early to tell.
 */
function launchedUnder(run: Run, intent: LaunchIntent, listed: ReadonlyMap<string, ProviderVm>): LaunchOutcome | null {
  const found = [...listed.values()].filter((vm) => vm.intentId === intent.intentId && vm.state !== 'terminated');
  if (found.length === 0 && run.nowMs - intent.createdAtMs < 2 * run.deps.options.confirmMs) return null;
  return {
    vmIds: found.map((vm) => vm.vmId),
    cameAs: Object.fromEntries(found.map((vm) => [vm.vmId, vm.offerId])),
    failure: null,
    detail: found.length > 0 ? null : 'no answer, and nothing came of it',
  };
}

/** Writes the rows of what a launch brought; answers it by the offer it came as. */
export async function registerLaunched(
  run: Run,
  request: LaunchRequest,
  outcome: LaunchOutcome,
  launchedAtMs: (vmId: string) => number,
  options: { warming?: boolean },
): Promise<{ offer: string; vmIds: string[] }[]> {
  const byOffer = new Map<string, string[]>();
  for (const vmId of outcome.vmIds) {
    const offer = run.offers.find((o) => o.id === outcome.cameAs?.[vmId]) ?? request.offer;
    await run.fleet.register(vmId, { ...request, offer }, launchedAtMs(vmId), options);
    byOffer.set(offer.id, [...(byOffer.get(offer.id) ?? []), vmId]);
  }
  return [...byOffer].map(([offer, vmIds]) => ({ offer, vmIds }));
}

async function closeGoneRows(run: Run, listed: ReadonlyMap<string, ProviderVm>): Promise<void> {
  const { options } = run.deps;
  for (const vm of run.fleet.existing()) {
    if (run.unknown.has(vm.dataCentre)) continue;
    const seen = listed.get(vm.vmId);
    if (await settleStopped(run, vm, seen)) continue;
    const gone = seen === undefined || seen.state === 'terminated' || seen.state === 'stopping';
    if (!gone) {
      if (run.memory.suspects[`gone/${vm.vmId}`] !== undefined) delete run.memory.suspects[`gone/${vm.vmId}`];
      continue;
    }
    // Too young to be in an eventually consistent listing; a launch of this very run is not in it either.
    if (seen === undefined && run.nowMs - vm.launchedAtMs < options.confirmMs) continue;
    const confirmed = seen !== undefined || confirmSuspect(run, `gone/${vm.vmId}`);
    if (confirmed) {
      if (vm.state !== 'draining' && vm.state !== 'unhealthy') {
        addFault(run, vm.poolId, 'unhealthy', `${vm.vmId} ended by itself; it is replaced`);
      }
      await run.fleet.put({ ...vm, state: 'terminated', cordoned: true, terminatedAtMs: run.nowMs });
      noteTerminated(run, vm.poolId, vm.vmId);
    } else if (!vm.cordoned) {
      await run.fleet.put({ ...vm, state: 'unhealthy', cordoned: true });
    }
  }
}

async function noteZones(run: Run, listed: ReadonlyMap<string, ProviderVm>): Promise<void> {
  for (const vm of run.fleet.live()) {
    const zone = listed.get(vm.vmId)?.zone;
    if (zone === undefined || vm.zone !== undefined) continue;
    const offer = run.offers.find((o) => o.id === offerIdOf(vm));
    const priceUsdPerHour = offer === undefined ? vm.priceUsdPerHour : priceIn(offer, zone);
    await run.fleet.put({ ...vm, zone, priceUsdPerHour });
  }
}

/**
 * Rows and machines that disagree about being stopped. A row says `stopped` and the machine runs: the call to stop it never came
 * through, it is made again. The machine is stopped and the row says otherwise: it never started, or stopped by itself.
 *
 * @returns true: nothing more to decide about this machine
 */
async function settleStopped(run: Run, vm: VmRecord, seen: ProviderVm | undefined): Promise<boolean> {
  const { confirmMs } = run.deps.options;
  const key = `stop/${vm.vmId}`;
  if (vm.state === 'stopped') {
    const runs = seen?.state === 'running' || seen?.state === 'pending';
    if (runs && confirmSuspect(run, key)) {
      delete run.memory.suspects[key];
      await stopVm(run, vm);
    }
    return seen !== undefined && seen.state !== 'terminated';
  }
  delete run.memory.suspects[key];
  if (seen?.state !== 'stopped' || run.nowMs - vm.launchedAtMs < confirmMs) return seen?.state === 'stopped';
  if (worthKeeping(run, vm)) await run.fleet.put({ ...vm, state: 'stopped', cordoned: true, drainingSinceMs: null });
  else await endVm(run, vm);
  return true;
}

async function endOrphans(run: Run, listed: readonly ProviderVm[]): Promise<void> {
  const { deps, guard } = run;
  const wrong: string[] = [];
  for (const vm of listed) {
    if (vm.state === 'terminated' || vm.state === 'stopping') continue;
    const row = run.fleet.records.get(vm.vmId);
    if (row !== undefined && row.state !== 'terminated') continue;
    const key = `orphan/${vm.vmId}`;
    if (run.nowMs - vm.launchedAtMs < deps.options.orphanAgeMs) continue;
    if (!confirmSuspect(run, key)) continue;
    wrong.push(vm.vmId);
    addFault(
      run,
      groupOfPool(deps.region, vm.poolId) ? vm.poolId : '',
      'orphan',
      `${vm.vmId} belongs to nobody; ended`,
    );
  }
  const present = new Set(listed.map((vm) => `orphan/${vm.vmId}`));
  for (const key of Object.keys(run.memory.suspects)) {
    if (key.startsWith('orphan/') && !present.has(key)) delete run.memory.suspects[key];
  }
  if (wrong.length === 0) return;
  guard.check();
  try {
    await deps.provider.terminate(wrong);
  } catch (error) {
    deps.log.warn('scaler: orphans not ended everywhere, tried again', { vmIds: wrong, error: String(error) });
  }
}

/** True once the same suspicion was noted at an earlier listing, long enough ago. */
export function confirmSuspect(run: Run, key: string): boolean {
  const first = run.memory.suspects[key];
  if (first === undefined) {
    run.memory.suspects[key] = run.nowMs;
    return false;
  }
  return run.nowMs - first >= run.deps.options.confirmMs;
}

async function dropOldRows(run: Run): Promise<void> {
  for (const vm of [...run.fleet.records.values()]) {
    if (vm.state !== 'terminated' || run.nowMs - (vm.terminatedAtMs ?? 0) < keepTerminatedMs) continue;
    await run.deps.state.removeHeartbeat(vm.vmId);
    await run.deps.state.removeVm(vm.poolId, vm.vmId);
    run.fleet.records.delete(vm.vmId);
    delete run.memory.suspects[`gone/${vm.vmId}`];
  }
}
