/*
 * The warm pool: on-demand machines kept stopped and initialised, `warmVms` per group. They cost their disk and are ready in seconds.
 *
 * Life of a row: starting (warming: cordoned, gets no work) → first heartbeat → stopped → starting (restarted) → ready → … Drained
 * machines are stopped rather than ended while the pool is short, so that a falling load refills it for nothing. Failure modes: the
 * row is written before the call, so a crash leaves a row that says `stopped` beside a machine that runs, or one that says `starting`
 * beside a machine that is stopped; reconcile finishes the first and takes the second back. No capacity for a start sets starts of
 * that offer aside and the planner is asked again.
 */
import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import { isSetAside } from '../../domain/scaling/set-aside.ts';
import type { Offer } from '../../ports/compute-provider.ts';
import type { VmRecord } from '../../ports/vm.ts';
import { endVm } from './end-vm.ts';
import { groupOfPool } from './fleet.ts';
import { launchOffer } from './launch.ts';
import { launchesFailing } from './launch-health.ts';
import { outdated } from './outdated.ts';
import { type Pool, poolOffers } from './pools.ts';
import { confirmSuspect } from './reconcile.ts';
import type { Run } from './run.ts';

/** In a calm slot, machines are launched for the warm pool until it has its size. */
export async function refillWarmPool(run: Run, pool: Pool): Promise<void> {
  const { provider, region } = run.deps;
  // Pools that exist only because some request named their SLA keep none.
  if (provider.warmPool === null || !pool.own || run.unknown.size > 0 || launchesFailing(run, pool.poolId)) return;
  // Machines that drain will be stopped rather than ended: nothing is launched beside them.
  const draining = run.fleet.live().filter((vm) => vm.poolId === pool.poolId && vm.state === 'draining');
  const missing = pool.group.warmVms - run.fleet.warm(region, pool.groupId).length - draining.length;
  if (missing <= 0) return;
  const offer = offerToKeep(run, pool);
  if (offer !== null) await launchOffer(run, pool, offer.id, missing, { warming: true });
}

/** The on-demand offer that most of the fleet runs on, else the one with the cheapest work. */
function offerToKeep(run: Run, pool: Pool): Offer | null {
  const offers = poolOffers(pool, run.offers).filter(
    (offer) => offer.startS !== undefined && !isSetAside(run.memory.setAside, offer.id, run.nowMs),
  );
  const running = (offer: Offer) => run.fleet.serving(pool.poolId).filter((vm) => offerIdOf(vm) === offer.id).length;
  const usdPerWork = ({ priceUsdPerHour, type }: Offer) => priceUsdPerHour / (type.cores * type.coreSpeed);
  return offers.sort((a, b) => running(b) - running(a) || usdPerWork(a) - usdPerWork(b))[0] ?? null;
}

const outdatedKey = (vm: VmRecord): string => `outdated/${vm.vmId}`;

/** Seen so twice: see `replacementOf`. */
function confirmedOutdated(run: Run, pool: Pool, vm: VmRecord): boolean {
  if (outdated(pool, vm).length > 0) return confirmSuspect(run, outdatedKey(vm));
  delete run.memory.suspects[outdatedKey(vm)];
  return false;
}

/** Stopped machines beyond the size, of pools that are gone or rented under older settings of the group are ended. */
export async function trimWarmPool(run: Run, pools: ReadonlyMap<string, Pool>): Promise<void> {
  const kept = new Map<string, number>();
  for (const vm of run.fleet.existing()) {
    if (vm.state !== 'stopped') continue;
    const pool = pools.get(vm.poolId);
    const groupId = groupOfPool(run.deps.region, vm.poolId)?.groupId ?? '';
    if (pool !== undefined && !confirmedOutdated(run, pool, vm)) {
      const count = (kept.get(groupId) ?? 0) + 1;
      kept.set(groupId, count);
      if (count <= pool.group.warmVms) continue;
    }
    if (run.unknown.has(vm.dataCentre)) continue;
    delete run.memory.suspects[outdatedKey(vm)];
    await endVm(run, vm);
  }
}
