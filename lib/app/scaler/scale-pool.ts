import { freshCursor } from '../../domain/scaling/arrivals.ts';
import { detectBurst } from '../../domain/scaling/burst.ts';
import { surplusRatePerS } from '../../domain/scaling/surplus.ts';
import { type Applied, planAndApply } from './apply.ts';
import { type PoolMemory, readForecaster, readPoolMemory, writeForecaster, writePoolMemory } from './memory.ts';
import { type Observation, observe } from './observe.ts';
import { replacementOf } from './outdated.ts';
import type { Pool } from './pools.ts';
import { type Expected, record } from './record.ts';
import { drainDownTo, isDue, largerOf, releaseIfDue } from './release.ts';
import type { Run } from './run.ts';
import { keepUntold, takeUntold } from './untold.ts';
import { refillWarmPool } from './warm-pool.ts';

/** Looks that the burst trigger averages over: long enough to be more than noise, short enough to matter. */
const burstWindowMs = 6_000;

/** Zero slots in a row after which nobody doubts that it is quiet, and what stands for zero then. */
const suspectSlots = 2;
const leastCount = 1e-3;

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
  const applied = await planAndApply(run, pool, input, { scaleIn: true, fromMs: slotStartMs });
  const { launched, plan, retry, surplusOf } = applied;
  // Where no look came since the running slot began: what neither that one's plan nor this one counts on.
  if (memory.release !== undefined && surplusOf !== null && isDue(run, pool, memory.release))
    applied.draining.push(...(await drainDownTo(run, pool, largerOf(memory.release.fleet, surplusOf))));
  // What is about to be released may fill the warm pool.
  const calm = !retry && launched.length === 0 && plan.status !== 'infeasible' && surplusOf === null;
  if (calm) await refillWarmPool(run, pool);
  remember(run, pool, memory, applied, observation.waiting);
  leave(memory, surplusOf, slotStartMs, slotStartMs);
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
 * replacement; else the release of what the slot's plan does without; else, some time into a long slot, scale-in of what its own
 * arrivals show to be surplus.
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
  if (trigger === null && (await releaseIfDue(run, pool, memory, observation)))
    return writePoolMemory(deps.state, pool.poolId, memory, run.guard);
  const surplus = trigger === null ? surplusOf(run, pool, memory, present) : null;
  if (trigger === null && surplus === null) {
    keepUntold(run, pool.poolId, memory);
    return writePoolMemory(deps.state, pool.poolId, memory, run.guard);
  }
  const input = { demandS: observation.demandS, measuredMs: window.meanResponseMs, replacing, present };
  const applyFor = (ratePerS: number) =>
    planAndApply(
      run,
      pool,
      { ...input, arrivalRatePerS: ratePerS },
      { scaleIn: replace || surplus !== null, fromMs: nowMs },
    );
  let arrivalRatePerS = surplus ?? decision.arrivalRatePerS + decision.catchUpPerS;
  let applied = await applyFor(arrivalRatePerS);
  if (applied.plan.status === 'infeasible' && surplus === null && decision.catchUpPerS > 0) {
    arrivalRatePerS = decision.arrivalRatePerS;
    applied = await applyFor(arrivalRatePerS);
  }
  const planned = surplus ?? Math.max(memory.plannedRatePerS, arrivalRatePerS);
  remember(run, pool, memory, applied, observation.waiting);
  memory.plannedRatePerS = planned;
  if (replace || surplus !== null) leave(memory, applied.surplusOf, nowMs, nowMs);
  // What was added to a fleet is not its surplus.
  else if (memory.release !== undefined) memory.release.fleet = largerOf(memory.release.fleet, applied.plan.fleet);
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
function surplusOf(
  run: Run,
  pool: Pool,
  { slotSoFar, plannedRatePerS, release }: PoolMemory,
  present: number,
): number | null {
  const { trimAfterMs } = run.deps.options;
  // The papers' own planners are kept as they are.
  if (
    release !== undefined ||
    pool.sla.planner !== 'exact' ||
    slotSoFar === undefined ||
    slotSoFar.spanMs < trimAfterMs
  )
    return null;
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

/** Notes what a plan leaves over until it is released; null: nothing. */
function leave(memory: PoolMemory, fleet: Applied['surplusOf'], dueMs: number, recordMs: number): void {
  if (fleet === null) delete memory.release;
  else memory.release = { dueMs, fleet, recordMs };
}

function remember(run: Run, pool: Pool, memory: PoolMemory, applied: Applied, waiting: number): void {
  memory.plannedRatePerS = applied.problem.arrivalRatePerS;
  memory.servingPlanned = run.fleet.serving(pool.poolId).length;
  memory.retry = applied.retry;
  if (memory.replacing !== undefined && applied.successors !== null && applied.plan.status !== 'infeasible')
    memory.replacing.vms = applied.successors;
  memory.waitingBefore = waiting;
}
