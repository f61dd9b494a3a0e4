import type { PlanProblem, PlanResult } from '../../domain/planner/types.ts';
import { chooseDrains } from '../../domain/scaling/choose-drain.ts';
import { poolLimits } from '../../domain/scaling/limits.ts';
import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import { decide } from './decide.ts';
import { startDrain } from './health.ts';
import { type LaunchResult, launchPlanned } from './launch.ts';
import { launchesFailing } from './launch-health.ts';
import { type Pool, poolOffers } from './pools.ts';
import { planProblem } from './problem.ts';
import { addFault, type Run } from './run.ts';

/** How often the planner is asked again in one run after an offer turned out to have no capacity. */
const mostReplans = 6;

export interface PlanInput {
  demandS: number;
  arrivalRatePerS: number;
  measuredMs: number | null;
  /** Running and waiting now. */
  present: number;
}

export interface Applied {
  problem: PlanProblem;
  /** The first plan: what was wanted. Later ones only work around offers without capacity. */
  plan: PlanResult;
  launched: LaunchResult['launched'];
  draining: string[];
  /** Worth another try between slots. */
  retry: boolean;
}

/** Plans for the fleet as it stands now. */
export function planPool(
  run: Pick<Run, 'deps' | 'fleet' | 'offers' | 'memory' | 'nowMs'>,
  pool: Pool,
  input: PlanInput,
): { problem: PlanProblem; plan: PlanResult } {
  const { deps } = run;
  const counted = run.fleet.counted(deps.region, pool.groupId);
  const problem = planProblem({
    pool,
    offers: poolOffers(pool, run.offers),
    serving: run.fleet.serving(pool.poolId),
    demandS: input.demandS,
    arrivalRatePerS: input.arrivalRatePerS,
    limits: poolLimits(pool.group, counted, pool.poolId),
    setAside: run.memory.setAside,
    nowMs: run.nowMs,
    billing: deps.options.billing,
    horizonS: deps.options.slotMs / 1000,
    overheadMs: deps.options.overheadMs,
  });
  return { problem, plan: decide(pool, problem, input, deps.planFleet) };
}

/** Launches first, around offers without capacity; drains last, and only when every launch worked. */
export async function planAndApply(
  run: Run,
  pool: Pool,
  input: PlanInput,
  options: { scaleIn: boolean },
): Promise<Applied> {
  const first = planPool(run, pool, input);
  const launched: LaunchResult['launched'] = [];
  let { plan } = first;
  let end: LaunchResult['end'] = 'replan';
  for (let attempt = 0; attempt < mostReplans && end === 'replan'; attempt++) {
    if (attempt > 0) plan = planPool(run, pool, input).plan;
    const result = await launchPlanned(run, pool, plan);
    launched.push(...result.launched);
    end = result.end;
  }
  if (first.plan.status === 'infeasible') {
    addFault(run, pool.poolId, 'infeasible', first.plan.reason ?? 'no fleet keeps the promise');
  }
  const complete = end === 'complete';
  const draining = options.scaleIn ? await release(run, pool, plan, complete) : [];
  return { problem: first.problem, plan: first.plan, launched, draining, retry: !complete };
}

async function release(run: Run, pool: Pool, plan: PlanResult, complete: boolean): Promise<string[]> {
  const wanted = plan.actions.filter((action) => action.do === 'drain');
  if (wanted.length === 0) return [];
  if (!complete || launchesFailing(run, pool.poolId)) {
    addFault(run, pool.poolId, 'held-back', 'nothing is released while launches fail');
    return [];
  }
  const released: string[] = [];
  for (const action of wanted) {
    const candidates = run.fleet.serving(pool.poolId).map((vm) => {
      const beat = run.fleet.heartbeats.get(vm.vmId);
      return {
        vmId: vm.vmId,
        offerId: offerIdOf(vm),
        state: vm.state === 'ready' ? ('ready' as const) : ('starting' as const),
        tasks: beat ? beat.running + beat.waiting : null,
        launchedAtMs: vm.launchedAtMs,
      };
    });
    const { billing } = run.deps.options;
    for (const vmId of chooseDrains(candidates, action.offer, action.count, billing, run.nowMs)) {
      const vm = run.fleet.records.get(vmId);
      if (vm === undefined) continue;
      await startDrain(run, vm);
      released.push(vmId);
    }
  }
  return released;
}
