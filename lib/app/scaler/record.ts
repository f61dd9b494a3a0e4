import { alternativesTo, fluidUsdPerHour } from '../../domain/planner/alternatives.ts';
import type { SlotBody } from '../../ports/contracts/slot-record.ts';
import type { Applied } from './apply.ts';
import { type Observation, observedOf } from './observe.ts';
import type { Pool } from './pools.ts';
import type { Run } from './run.ts';
import type { Untold } from './untold.ts';

export type Expected = SlotBody['forecast'];

/** Writes what a run saw, expected, decided and did. */
export async function record(
  run: Run,
  pool: Pool,
  kind: SlotBody['kind'],
  trigger: string | null,
  slotStartMs: number,
  observation: Observation,
  forecast: Expected,
  applied: Applied,
  { terminated, faults }: Untold,
): Promise<void> {
  const { plan } = applied;
  const body: SlotBody = {
    version: 1,
    kind,
    atMs: run.nowMs,
    slotMs: run.deps.options.slotMs,
    trigger,
    observed: observedOf(observation),
    forecast,
    plan: { ...planOf(pool, plan), ...(await comparison(run, applied, kind)), notes: notesOf(applied) },
    outcome: {
      launched: applied.launched,
      draining: applied.draining,
      terminated,
      faults,
    },
  };
  const { state } = run.deps;
  run.guard.accepted(await state.putSlot({ poolId: pool.poolId, slotStartMs, epoch: run.guard.epoch, body }));
}

const notesOf = ({ plan, surplusOf }: Applied): string[] => [
  ...(plan.notes ?? []),
  ...(surplusOf === null
    ? []
    : ['what drains serves until the slot has begun and every machine of this fleet is ready']),
];

/** Below this a pool is idle: there is one machine at most, and nothing to weigh. */
const idleRatePerS = 0.05;

/** What else could have been rented. Only in a slot's regular run: between slots there is no time to weigh. */
async function comparison(
  run: Run,
  { problem, plan, successors }: Applied,
  kind: SlotBody['kind'],
): Promise<Pick<SlotBody['plan'], 'fluidUsdPerHour' | 'alternatives'>> {
  const fluid = { fluidUsdPerHour: fluidUsdPerHour(problem) };
  // Old machines are not in the problem, so that nothing could be said of the fleet as it is.
  if (kind !== 'slot' || successors !== null || problem.arrivalRatePerS < idleRatePerS) return fluid;
  const found = await alternativesTo(problem, plan, run.deps.planFleet);
  return {
    ...fluid,
    alternatives: found.map(({ predictedS, ...alternative }) => ({
      ...alternative,
      predictedMs: { mean: toMs(predictedS.mean), p95: toMs(predictedS.p95) },
    })),
  };
}

const toMs = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1000);

/** A plan in the record's units. */
export function planOf(pool: Pool, plan: Applied['plan']): SlotBody['plan'] {
  const { mean, p95, p99 } = plan.predicted.responseTimeS;
  return {
    planner: pool.sla.planner,
    policy: plan.policy,
    status: plan.status,
    indicator: pool.sla.indicator,
    targetMs: pool.sla.targetMs,
    fleet: plan.fleet,
    actions: plan.actions,
    costUsdPerHour: plan.costUsdPerHour,
    lowerBoundUsd: plan.lowerBoundUsd,
    gapPct: plan.gapPct,
    predictedMs: { mean: toMs(mean), p95: toMs(p95), p99: toMs(p99) },
    reason: plan.reason ?? null,
    notes: plan.notes ?? [],
  };
}
