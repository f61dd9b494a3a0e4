import type { PlanProblem, PlanResult } from '../../domain/planner/types.ts';
import { launchable, poolLimits } from '../../domain/scaling/limits.ts';
import { decide } from './decide.ts';
import { type LaunchResult, launchPlanned } from './launch.ts';
import { byAge, outdated } from './outdated.ts';
import { type Pool, poolOffers } from './pools.ts';
import { type ProblemInput, planProblem } from './problem.ts';
import { awaitsMachines, drainDownTo, type FleetCounts, heldBack } from './release.ts';
import { replacementStep, sizeOf } from './replace.ts';
import { addFault, type Run } from './run.ts';

/** How often the planner is asked again in one run after an offer turned out to have no capacity. */
const mostReplans = 6;

export interface PlanInput {
  demandS: number;
  arrivalRatePerS: number;
  measuredMs: number | null;
  /** Running and waiting now. */
  present: number;
  /** Set while machines rented under older settings of the group are replaced: how many machines the pool is meant to have. */
  replacing?: { vms: number } | null;
}

export interface Planned {
  problem: PlanProblem;
  plan: PlanResult;
  /** Set while old machines are replaced: the size of the fleet without them. */
  successors: number | null;
}

/** With the first plan: what was wanted. Later ones only work around offers without capacity. */
export interface Applied extends Planned {
  launched: LaunchResult['launched'];
  draining: string[];
  /** The planned fleet while machines beyond it wait for their release; null: none do. */
  surplusOf: FleetCounts | null;
  /** Worth another try between slots. */
  retry: boolean;
}

/** Plans for the fleet as it stands now, within what the caps leave while old and new machines overlap. */
export async function planPool(
  run: Pick<Run, 'deps' | 'fleet' | 'offers' | 'memory' | 'unknown' | 'nowMs'>,
  pool: Pool,
  input: PlanInput,
): Promise<Planned> {
  const { deps } = run;
  const counted = run.fleet.counted(deps.region, pool.groupId);
  const { current, old } = byAge(run, pool);
  const replacing = old.length > 0 ? (input.replacing ?? null) : null;
  // What drains to make room for a successor is no reason to plan a smaller fleet.
  const beside = replacing !== null ? counted.filter((vm) => vm.poolId !== pool.poolId || vm.serving) : counted;
  const problemWith = (room: ProblemInput['room']) =>
    planProblem({
      pool,
      offers: poolOffers(pool, run.offers),
      serving: replacing !== null ? current : [...current, ...old],
      stopped: run.fleet.stopped(pool.poolId).filter((vm) => outdated(pool, vm).length === 0),
      demandS: input.demandS,
      arrivalRatePerS: input.arrivalRatePerS,
      limits: poolLimits(pool.group, beside, pool.poolId),
      room,
      setAside: run.memory.setAside,
      unknown: run.unknown,
      nowMs: run.nowMs,
      billing: deps.options.billing,
      horizonS: deps.options.slotMs / 1000,
      overheadMs: deps.options.overheadMs,
    });
  if (replacing !== null) {
    const problem = problemWith(null);
    const wanted = await decide(pool, problem, input, deps.planFleet);
    const step = { vms: replacing.vms, demandS: input.demandS };
    return { problem, plan: replacementStep(run, pool, problem, wanted, step), successors: sizeOf(wanted.fleet) };
  }
  const room = (price: number) => launchable(pool.group, counted, pool.group.maxVms, price);
  const problem = problemWith(room);
  const plan = await decide(pool, problem, input, deps.planFleet);
  if (plan.status !== 'infeasible' || plan.actions.some((action) => action.do === 'launch' || action.do === 'start'))
    return { problem, plan, successors: null };
  // At the cap, another fleet may keep the promise that this one and no addition to it can: make room for it, some at a time.
  const ideal = await decide(pool, problemWith(null), input, deps.planFleet);
  return { problem, plan: ideal.status === 'infeasible' ? plan : transition(plan, ideal), successors: null };
}

/** Share of a fleet that is given up at a time to make room for a better one. */
const exchangedShare = 1 / 4;

/** Keeps the fleet but for a few machines that the better one has no use for; the next run launches into the room. */
function transition(kept: PlanResult, ideal: PlanResult): PlanResult {
  let left = Math.max(1, Math.floor(sizeOf(kept.fleet) * exchangedShare));
  const why = `makes room under the group's caps for ${ideal.fleet.map((f) => `${f.count} x ${f.offer}`).join(', ')}`;
  const drains = ideal.actions.flatMap((action) => {
    if (action.do !== 'drain' || left === 0) return [];
    const count = Math.min(left, action.count);
    left -= count;
    return [{ ...action, count, why }];
  });
  const drained = (offer: string) => drains.find((d) => d.offer === offer)?.count ?? 0;
  const fleet = kept.fleet.map(({ offer, count }) => ({ offer, count: count - drained(offer) }));
  const keeps = kept.actions.map((action) => ({ ...action, count: action.count - drained(action.offer) }));
  return {
    ...kept,
    fleet: fleet.filter((f) => f.count > 0),
    actions: [...keeps.filter((a) => a.count > 0), ...drains],
  };
}

/**
 * Launches first, around offers without capacity; drains last, and only when every launch worked. What the plan does without serves
 * until `fromMs` and until what it counts on is ready (`release.ts`); a replacement has looked at that by itself (`replace.ts`).
 *
 * @param options.fromMs start of the slot that is planned for, epoch milliseconds
 */
export async function planAndApply(
  run: Run,
  pool: Pool,
  input: PlanInput,
  options: { scaleIn: boolean; fromMs: number },
): Promise<Applied> {
  const first = await planPool(run, pool, input);
  const launched: LaunchResult['launched'] = [];
  let { plan } = first;
  let end: LaunchResult['end'] = 'replan';
  for (let attempt = 0; attempt < mostReplans && end === 'replan'; attempt++) {
    if (attempt > 0) plan = (await planPool(run, pool, input)).plan;
    const result = await launchPlanned(run, pool, plan);
    launched.push(...result.launched);
    end = result.end;
  }
  if (first.plan.status === 'infeasible') {
    addFault(run, pool.poolId, 'infeasible', first.plan.reason ?? 'no fleet keeps the promise');
  }
  const applied = { ...first, launched, draining: [], surplusOf: null, retry: end !== 'complete' };
  if (!options.scaleIn || !plan.actions.some((action) => action.do === 'drain')) return applied;
  const why = heldBack(run, pool) ?? (applied.retry ? 'launches fail' : null);
  if (why !== null) {
    addFault(run, pool.poolId, 'held-back', `nothing is released while ${why}`);
    return applied;
  }
  const early = run.nowMs < options.fromMs || awaitsMachines(run, pool, plan.fleet);
  if (early && first.successors === null) return { ...applied, surplusOf: plan.fleet };
  return { ...applied, draining: await drainDownTo(run, pool, plan.fleet) };
}
