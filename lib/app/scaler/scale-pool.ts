import { alternativesTo, fluidUsdPerHour } from '../../domain/planner/alternatives.ts';
import { freshCursor } from '../../domain/scaling/arrivals.ts';
import { detectBurst } from '../../domain/scaling/burst.ts';
import { surplusRatePerS } from '../../domain/scaling/surplus.ts';
import type { SlotBody } from '../../ports/contracts/slot-record.ts';
import { type Applied, planAndApply } from './apply.ts';
import { type PoolMemory, readForecaster, readPoolMemory, writeForecaster, writePoolMemory } from './memory.ts';
import { type Observation, observe } from './observe.ts';
import { replacementOf } from './outdated.ts';
import type { Pool } from './pools.ts';
import type { Run } from './run.ts';
import { keepUntold, takeUntold, type Untold } from './untold.ts';
import { refillWarmPool } from './warm-pool.ts';

/** Looks that the burst trigger averages over: long enough to be more than noise, short enough to matter. */
const burstWindowMs = 6_000;

/** Zero slots in a row after which nobody doubts that it is quiet, and what stands for zero then. */
const suspectSlots = 2;
const leastCount = 1e-3;

type Expected = SlotBody['forecast'];

/** The regular run for one pool: observe, learn, forecast, plan, apply, record. */
export async function scalePoolForSlot(run: Run, pool: Pool, slotStartMs: number): Promise<void> {
  const { deps, nowMs } = run;
  const { slotMs } = deps.options;
  const memory = await readPoolMemory(deps.state, pool.poolId, nowMs - slotMs);
  // After a pause the past is unknown, not an average over it. Agents counted on, though: of sessions only the average is known.
  const paused = nowMs - memory.slotCursor.atMs > 2 * slotMs;
  if (paused && pool.group.dispatch.mode !== 'session') memory.slotCursor = freshCursor(nowMs - slotMs);
  const observation = await observe(run, pool, memory, 'slot');
  const expected = await learnAndForecast(run, pool, observation, slotStartMs);
  const input = {
    demandS: observation.demandS,
    arrivalRatePerS: expected.quantileRatePerS,
    measuredMs: observation.window.meanResponseMs,
    replacing: replacementOf(run, pool, memory),
    present: observation.running + observation.waiting,
  };
  const applied = await planAndApply(run, pool, input, { scaleIn: true });
  const calm = !applied.retry && applied.launched.length === 0 && applied.plan.status !== 'infeasible';
  if (calm) await refillWarmPool(run, pool);
  remember(run, pool, memory, applied, observation.waiting);
  memory.slotSoFar = { startMs: slotStartMs, arrivals: 0, spanMs: 0 };
  const untold = takeUntold(run, pool.poolId, memory);
  await writePoolMemory(deps.state, pool.poolId, memory, run.guard);
  await record(run, pool, 'slot', null, slotStartMs, observation, expected, applied, untold);
}

async function learnAndForecast(
  run: Run,
  pool: Pool,
  observation: Observation,
  slotStartMs: number,
): Promise<Expected> {
  const { deps } = run;
  const { slotMs, timeZone } = deps.options;
  const { forecasting } = deps;
  let state =
    (await readForecaster(deps.state, pool.poolId, slotMs / 1000)) ??
    forecasting.createForecaster({ slotS: slotMs / 1000, timeZone });
  const lastSlotMs = slotStartMs - slotMs;
  if (state.nextSlotStartMs === null || lastSlotMs >= state.nextSlotStartMs) {
    // Rates, not sums: the window since the last run is rarely exactly one slot long.
    const count = (observation.window.arrivalRatePerS * slotMs) / 1000;
    // The forecaster takes a sudden zero for a broken counter, for an hour. Here the store has answered: a few slots are enough.
    const believed = count === 0 && state.suspectZeros >= suspectSlots ? leastCount : count;
    state = forecasting.update(state, { slotStartMs: lastSlotMs, count: believed });
    await writeForecaster(deps.state, pool.poolId, state, run.guard);
  }
  const quantile = pool.sla.forecastQuantile;
  const { mean, quantiles } = forecasting.forecast(state, [quantile]);
  const perS = 1000 / slotMs;
  return {
    slotStartMs,
    meanRatePerS: mean * perS,
    quantile,
    quantileRatePerS: Math.max(0, quantiles[0] ?? mean) * perS,
  };
}

/**
 * Between slots: scale-out if demand has left the plan behind, VMs were lost or a launch is to be tried again; else the next step of a
 * replacement; else, some time into a long slot, scale-in of what its own arrivals show to be surplus.
 */
export async function scalePoolBetweenSlots(run: Run, pool: Pool): Promise<void> {
  const { deps, nowMs } = run;
  const memory = await readPoolMemory(deps.state, pool.poolId, nowMs - burstWindowMs);
  const observation = await observe(run, pool, memory, 'burst');
  const { window } = observation;
  memory.recent = recentLooks(memory.recent, window.arrivals, window.toMs - window.fromMs);
  const servingVms = run.fleet.serving(pool.poolId);
  const serving = servingVms.length;
  const replacing = replacementOf(run, pool, memory);
  const present = observation.running + observation.waiting;
  const decision = detectBurst({
    arrivalRatePerS: rateOf(memory.recent),
    windowS: withinSlot(memory, nowMs) ? spanMsOf(memory.recent) / 1000 : 0,
    latestRatePerS: window.arrivalRatePerS,
    plannedRatePerS: memory.plannedRatePerS,
    refused: window.refused,
    present,
    waiting: observation.waiting,
    waitingBefore: memory.waitingBefore,
    places: observation.places,
    targetS: pool.sla.targetMs / 1000,
  });
  memory.waitingBefore = observation.waiting;
  const lost = memory.servingPlanned - serving;
  const empty = serving === 0 && pool.minVms > 0;
  const missing = decision.burst
    ? decision.why
    : lost > 0
      ? `${lost} of ${memory.servingPlanned} VMs lost`
      : memory.retry || empty
        ? 'VMs are missing'
        : null;
  // The next step comes when the one before has taken effect.
  const replace = missing === null && replacing !== null && !servingVms.some((vm) => vm.state === 'starting');
  const trigger = replace ? 'machines were rented under older settings of the group' : missing;
  addToSlot(memory, window);
  const surplus = trigger === null ? surplusOf(run, pool, memory, present) : null;
  if (trigger === null && surplus === null) {
    keepUntold(run, pool.poolId, memory);
    return writePoolMemory(deps.state, pool.poolId, memory, run.guard);
  }
  const input = { demandS: observation.demandS, measuredMs: window.meanResponseMs, replacing, present };
  const applyFor = (ratePerS: number) =>
    planAndApply(run, pool, { ...input, arrivalRatePerS: ratePerS }, { scaleIn: replace || surplus !== null });
  let arrivalRatePerS = surplus ?? decision.arrivalRatePerS + decision.catchUpPerS;
  let applied = await applyFor(arrivalRatePerS);
  if (applied.plan.status === 'infeasible' && surplus === null && decision.catchUpPerS > 0) {
    arrivalRatePerS = decision.arrivalRatePerS;
    applied = await applyFor(arrivalRatePerS);
  }
  const planned = surplus ?? Math.max(memory.plannedRatePerS, arrivalRatePerS);
  remember(run, pool, memory, applied, observation.waiting);
  memory.plannedRatePerS = planned;
  const changed = applied.launched.length + applied.draining.length > 0;
  if (!changed) keepUntold(run, pool.poolId, memory);
  const untold = changed ? takeUntold(run, pool.poolId, memory) : null;
  await writePoolMemory(deps.state, pool.poolId, memory, run.guard);
  if (untold === null) return;
  const expected: Expected = {
    slotStartMs: nowMs,
    meanRatePerS: rateOf(memory.recent),
    quantile: pool.sla.forecastQuantile,
    quantileRatePerS: arrivalRatePerS,
  };
  const why = trigger ?? `${arrivalRatePerS.toFixed(1)}/s at most by this slot's own arrivals`;
  const kind = replace ? 'replace' : surplus === null ? 'burst' : 'trim';
  await record(run, pool, kind, why, nowMs, observation, expected, applied, untold);
}

/** Whether the last few seconds lie in the slot that was planned for, as far as that is known. */
const withinSlot = ({ recent, slotSoFar }: PoolMemory, nowMs: number): boolean =>
  slotSoFar !== undefined && nowMs - spanMsOf(recent) >= slotSoFar.startMs;

/** Looks that began before the slot did tell of the one before. */
function addToSlot(memory: PoolMemory, window: Observation['window']): void {
  const { slotSoFar } = memory;
  if (slotSoFar === undefined || window.fromMs < slotSoFar.startMs) return;
  slotSoFar.arrivals += window.arrivals;
  slotSoFar.spanMs += window.toMs - window.fromMs;
  slotSoFar.answered = (slotSoFar.answered ?? 0) + window.responseCount;
  slotSoFar.responseSumMs = (slotSoFar.responseSumMs ?? 0) + window.responseCount * (window.meanResponseMs ?? 0);
}

/** The rate to plan the rest of the slot for; null: nothing is clearly surplus, or machines are still on their way. */
function surplusOf(run: Run, pool: Pool, { slotSoFar, plannedRatePerS }: PoolMemory, present: number): number | null {
  const { trimAfterMs } = run.deps.options;
  // The papers' own planners are kept as they are.
  if (pool.sla.planner !== 'exact' || slotSoFar === undefined || slotSoFar.spanMs < trimAfterMs) return null;
  if (run.fleet.serving(pool.poolId).some((vm) => vm.state === 'starting')) return null;
  const { arrivals, spanMs, answered = 0, responseSumMs = 0 } = slotSoFar;
  return surplusRatePerS({
    count: arrivals,
    elapsedS: spanMs / 1000,
    plannedRatePerS,
    present,
    targetS: pool.sla.targetMs / 1000,
    meanResponseS: answered > 0 ? responseSumMs / answered / 1000 : null,
  });
}

function recentLooks(recent: PoolMemory['recent'], arrivals: number, spanMs: number): PoolMemory['recent'] {
  const looks = [...recent, { arrivals, spanMs }];
  let sum = looks.reduce((total, look) => total + look.spanMs, 0);
  while (looks.length > 1 && sum - looks[0]!.spanMs >= burstWindowMs) sum -= looks.shift()!.spanMs;
  return looks;
}

const spanMsOf = (looks: PoolMemory['recent']): number => looks.reduce((sum, look) => sum + look.spanMs, 0);

function rateOf(looks: PoolMemory['recent']): number {
  const spanMs = spanMsOf(looks);
  return spanMs > 0 ? (looks.reduce((sum, look) => sum + look.arrivals, 0) * 1000) / spanMs : 0;
}

function remember(run: Run, pool: Pool, memory: PoolMemory, applied: Applied, waiting: number): void {
  memory.plannedRatePerS = applied.problem.arrivalRatePerS;
  memory.servingPlanned = run.fleet.serving(pool.poolId).length;
  memory.retry = applied.retry;
  if (memory.replacing !== undefined && applied.successors !== null && applied.plan.status !== 'infeasible')
    memory.replacing.vms = applied.successors;
  memory.waitingBefore = waiting;
}

async function record(
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
    observed: {
      fromMs: observation.window.fromMs,
      toMs: observation.window.toMs,
      arrivals: observation.window.arrivals,
      refused: observation.window.refused,
      arrivalRatePerS: observation.window.arrivalRatePerS,
      meanResponseMs: observation.window.meanResponseMs,
      p95ResponseMs: observation.window.p95ResponseMs,
      demandS: observation.demandS,
      running: observation.running,
      waiting: observation.waiting,
    },
    forecast,
    plan: { ...planOf(pool, plan), ...(await comparison(run, applied, kind)) },
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
