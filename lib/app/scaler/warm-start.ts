import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import { clearSetAside, isSetAside } from '../../domain/scaling/set-aside.ts';
import type { Offer } from '../../ports/compute-provider.ts';
import type { VmRecord } from '../../ports/vm.ts';
import { allowed } from './launch-guards.ts';
import { classify, type LaunchEnd } from './launch-outcome.ts';
import { outdated } from './outdated.ts';
import type { Pool } from './pools.ts';
import { startKey } from './problem.ts';
import type { Run } from './run.ts';

/** Starts up to `wanted` stopped machines of the offer; fewer are there more often than not. */
export async function startStopped(
  run: Run,
  pool: Pool,
  offerId: string,
  wanted: number,
): Promise<{ vmIds: string[]; end: LaunchEnd }> {
  const { warmPool } = run.deps.provider;
  const offer = run.offers.find((o) => o.id === offerId);
  const stopped = run.fleet
    .stopped(pool.poolId)
    .filter((vm) => offerIdOf(vm) === offerId && outdated(pool, vm).length === 0);
  if (warmPool === null || offer === undefined || stopped.length === 0 || run.unknown.has(offer.dataCentre))
    return { vmIds: [], end: 'complete' };
  if (isSetAside(run.memory.setAside, startKey(offerId), run.nowMs)) return { vmIds: [], end: 'complete' };
  const count = allowed(run, pool, Math.min(wanted, stopped.length), offer.priceUsdPerHour);
  const chosen = stopped.slice(0, count);
  if (chosen.length === 0) return { vmIds: [], end: 'stop' };
  run.guard.check();
  for (const vm of chosen) await run.fleet.put(startingAgain(vm, offer, run.nowMs));
  run.guard.check();
  const { started, failure, detail } = await warmPool.start(chosen.map((vm) => vm.vmId));
  for (const vm of chosen) if (!started.includes(vm.vmId)) await run.fleet.put(vm);
  run.deps.log.info('scaler: started from the warm pool', { poolId: pool.poolId, offerId, started: started.length });
  if (failure === null) {
    run.memory.setAside = clearSetAside(run.memory.setAside, startKey(offerId));
    return { vmIds: started, end: 'complete' };
  }
  return {
    vmIds: started,
    end: classify(run, pool, { ...offer, id: startKey(offerId) }, { vmIds: started, failure, detail }),
  };
}

function startingAgain(vm: VmRecord, offer: Offer, nowMs: number): VmRecord {
  return {
    ...vm,
    state: 'starting',
    cordoned: false,
    restarted: true,
    priceUsdPerHour: offer.priceUsdPerHour,
    launchedAtMs: nowMs,
    readyAtMs: null,
    drainingSinceMs: null,
  };
}
