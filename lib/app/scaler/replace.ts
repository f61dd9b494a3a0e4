/*
 * Replacement of machines that were rented under older settings of their group: what a machine is told when it is launched (type,
 * purchase option, N, queue limit, kind of reports) does not change while it lives.
 *
 * One step per run. The plan is made as if the old machines were gone; what it lacks is launched as far as the group's caps leave room
 * beside them, and they go as the successors get ready. Without any room one old machine goes first, and the next only after a
 * successor took its place. Failure modes: successors that do not come (no capacity, failing launches) or no offer at all leave the
 * old machines serving; a crash in between leaves rows that say by themselves which machines are old.
 */
import type { PlanAction, PlanProblem, PlanResult } from '../../domain/planner/types.ts';
import { launchable } from '../../domain/scaling/limits.ts';
import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import { type OutdatedVm, releasable } from '../../domain/scaling/outdated.ts';
import type { VmRecord } from '../../ports/vm.ts';
import { byAge, outdated } from './outdated.ts';
import type { Pool } from './pools.ts';
import type { Run } from './run.ts';

type Fleet = PlanResult['fleet'];

/**
 * What of a replacement can be done now.
 *
 * @param wanted the plan for the load as if old machines were gone
 * @param vms how many machines the pool had when the replacement began: as many are kept while no plan keeps the promise
 * @param demandS CPU seconds of a request on the reference core
 */
export function replacementStep(
  run: Pick<Run, 'deps' | 'fleet'>,
  pool: Pool,
  problem: PlanProblem,
  wanted: PlanResult,
  { vms, demandS }: { vms: number; demandS: number },
): PlanResult {
  const { current, old } = byAge(run, pool);
  const rateOf = (vm: VmRecord) => (vm.type.cores * vm.type.coreSpeed) / demandS;
  const plannedRate = new Map(problem.offers.map((offer) => [offer.id, offer.serviceRatePerS]));
  const growth = wanted.actions.filter(({ do: what }) => what === 'launch' || what === 'start');
  const fitting = withinCaps(run, pool, problem, growth);
  const planned = wanted.fleet.map(({ offer, count }) => ({ count, serviceRatePerS: plannedRate.get(offer) ?? 0 }));
  if (wanted.status === 'infeasible') {
    const lacking = Math.min(vms, problem.limits?.maxVms ?? vms) - sizeOf(wanted.fleet);
    planned.push({ count: Math.max(0, lacking), serviceRatePerS: 0 });
  }
  const ready = current.filter((vm) => vm.state === 'ready');
  let released = releasable(
    old.map((vm) => asOutdated(vm, rateOf(vm))),
    ready.map((vm) => ({ count: 1, serviceRatePerS: rateOf(vm) })),
    planned,
  );
  const settled = ready.length === current.length && !run.fleet.live().some((vm) => isDraining(vm, pool));
  const first = old[0];
  if (released.length === 0 && growth.length > 0 && fitting.length === 0 && settled && first !== undefined)
    released = [asOutdated(first, rateOf(first))];
  return merged(wanted, fitting, actionsFor(pool, old, released), old);
}

const isDraining = (vm: VmRecord, pool: Pool): boolean => vm.poolId === pool.poolId && vm.state === 'draining';

const asOutdated = (vm: VmRecord, serviceRatePerS: number): OutdatedVm => ({
  vmId: vm.vmId,
  offerId: offerIdOf(vm),
  serviceRatePerS,
  priceUsdPerHour: vm.priceUsdPerHour,
});

/** As much of a plan's growth as the group's caps allow beside everything that exists. */
function withinCaps(
  { deps, fleet }: Pick<Run, 'deps' | 'fleet'>,
  pool: Pool,
  problem: PlanProblem,
  growth: readonly PlanAction[],
): PlanAction[] {
  const counted = fleet.counted(deps.region, pool.groupId);
  return growth.flatMap((action) => {
    const priceUsdPerHour = problem.offers.find((offer) => offer.id === action.offer)?.priceUsdPerHour ?? 0;
    const count = launchable(pool.group, counted, action.count, priceUsdPerHour);
    for (let i = 0; i < count; i++) counted.push({ poolId: pool.poolId, priceUsdPerHour, serving: true });
    return count === 0 ? [] : [{ ...action, count }];
  });
}

/** What happens to the old machines, offer by offer, and why. */
function actionsFor(pool: Pool, old: readonly VmRecord[], released: readonly OutdatedVm[]): PlanAction[] {
  return [...new Set(old.map(offerIdOf))].flatMap((offer) => {
    const those = old.filter((vm) => offerIdOf(vm) === offer);
    const differs = [...new Set(those.map((vm) => outdated(pool, vm).join('; ')))].join(' or ');
    const why = `rented under older settings of the group (${differs})`;
    const drained = released.filter((vm) => vm.offerId === offer).length;
    const kept = those.length - drained;
    return [
      ...(drained > 0 ? [{ do: 'drain' as const, offer, count: drained, why }] : []),
      ...(kept > 0 ? [{ do: 'keep' as const, offer, count: kept, why: `${why}; until successors are ready` }] : []),
    ];
  });
}

/** The whole fleet after this step. What the plan would release of the new machines waits until the old ones are gone. */
function merged(
  wanted: PlanResult,
  fitting: readonly PlanAction[],
  forOld: readonly PlanAction[],
  old: readonly VmRecord[],
): PlanResult {
  const stays = wanted.actions.flatMap((action): PlanAction[] => {
    if (action.do === 'keep') return [action];
    return action.do === 'drain' ? [{ ...action, do: 'keep', why: `${action.why}; after the replacement` }] : [];
  });
  const actions = [...stays, ...fitting, ...forOld];
  const counts = new Map<string, number>();
  for (const { do: what, offer, count } of actions)
    if (what !== 'drain') counts.set(offer, (counts.get(offer) ?? 0) + count);
  const keptOld = forOld.filter((action) => action.do === 'keep');
  const priceOfOld = (offer: string) => old.find((vm) => offerIdOf(vm) === offer)?.priceUsdPerHour ?? 0;
  const note = `${old.length} rented under older settings of the group are replaced; the prediction is for their successors`;
  return {
    ...wanted,
    fleet: [...counts].map(([offer, count]) => ({ offer, count })),
    actions,
    costUsdPerHour: wanted.costUsdPerHour + keptOld.reduce((sum, a) => sum + a.count * priceOfOld(a.offer), 0),
    notes: [...(wanted.notes ?? []), note],
  };
}

/** Machines of a fleet. */
export const sizeOf = (fleet: Fleet): number => fleet.reduce((sum, { count }) => sum + count, 0);
