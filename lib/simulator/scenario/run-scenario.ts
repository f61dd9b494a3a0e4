import { zoneOffsetMs } from '../../domain/forecast/local-time.ts';
import type { plan } from '../../domain/planner/plan.ts';
import type { PlanMethod } from '../../domain/planner/types.ts';
import { Aggregate } from './aggregate.ts';
import { FleetPlanner } from './fleet-planner.ts';
import { DEFAULT_START_MS, forecastAfterHistory } from './predictor.ts';
import { Replication } from './replication.ts';
import type { Prepared, ReplicationResult } from './replication-types.ts';
import type { Scenario, ScenarioPlanner, ScenarioRegion, ScenarioResult } from './types.ts';

export interface ScenarioHooks {
  /** Called about once per slot with the share of the whole work done, 0 to 1. */
  onProgress?: (share: number) => void;
  /** Stands in for the product's planner. */
  plan?: typeof plan;
}

/**
 * Simulates a scenario in closed loop: arrivals slot by slot, dispatch, forecast, plan, launches and their delays, rent.
 *
 * Deterministic under `seed`; replication r of two scenarios with the same slots and seed has the same arrivals whatever else differs
 * (common random numbers). One core; 1.5 million requests/s and more with exponential demand.
 *
 * @throws RangeError when the scenario contradicts itself (an unknown offer, parameters that are missing or out of range)
 */
export function runScenario(scenario: Scenario, hooks: ScenarioHooks = {}): ScenarioResult {
  const steps = scenarioSteps(scenario, hooks);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    hooks.onProgress?.(step.value);
  }
}

/** `runScenario` in steps of one slot, for a caller that has other things to attend to in between; yields the share of the work done. */
export function* scenarioSteps(scenario: Scenario, hooks: ScenarioHooks = {}): Generator<number, ScenarioResult> {
  assertUsable(scenario);
  const slotS = scenario.slotS ?? 600;
  const replications = scenario.replications ?? 1;
  const seed = scenario.seed ?? 1;
  const regions = scenario.regions ?? [{ id: 'all', share: 1 }];
  const parts = regions.map((region) => {
    const own = regional(scenario, region, slotS);
    return { id: region.id, prepared: prepare(own, slotS, seed, hooks), aggregate: new Aggregate(own, slotS) };
  });
  const whole = parts.length > 1 ? new Aggregate(sumOfRegions(scenario, parts), slotS) : parts[0]!.aggregate;
  const units = replications * parts.length;
  for (let r = 0; r < replications; r++) {
    const results: ReplicationResult[] = [];
    for (const [p, part] of parts.entries()) {
      // Regions have streams of their own.
      const steps = new Replication(part.prepared, r * parts.length + p).run();
      let step = steps.next();
      while (!step.done) {
        yield (r * parts.length + p + step.value) / units;
        step = steps.next();
      }
      part.aggregate.add([step.value]);
      results.push(step.value);
    }
    if (parts.length > 1) whole.add(results);
  }
  const result: ScenarioResult = { slots: whole.slotResults(), total: whole.total() };
  if (parts.length > 1) {
    result.regions = parts.map(({ id, aggregate }) => ({
      id,
      slots: aggregate.slotResults(),
      total: aggregate.total(),
    }));
  }
  return result;
}

function prepare(scenario: Scenario, slotS: number, seed: number, hooks: ScenarioHooks): Prepared {
  const planner: ScenarioPlanner =
    typeof scenario.planner === 'object' ? scenario.planner : { method: scenario.planner ?? 'exact' };
  const method = planMethod(planner);
  return {
    scenario,
    planner,
    slotS,
    seed,
    forecastState: method === null || planner.method === 'static' ? null : forecastAfterHistory(scenario, slotS, seed),
    fleetPlanner: method === null ? null : new FleetPlanner(scenario, method, slotS, hooks.plan),
  };
}

/** The plan method, where one is used; `static` uses the exact one for its fleet. */
function planMethod(planner: ScenarioPlanner): PlanMethod | null {
  switch (planner.method) {
    case 'threshold':
    case 'target-tracking':
    case 'concurrency':
      return null;
    case 'static':
      return 'exact';
    default:
      return planner.method;
  }
}

/** The scenario as one region sees it: its share of the arrivals, at its local time, over its network. */
function regional(scenario: Scenario, region: ScenarioRegion, slotS: number): Scenario {
  const offsetS =
    region.timeZone === undefined
      ? 3600 * (region.utcOffsetHours ?? 0)
      : zoneOffsetMs(region.timeZone, scenario.startMs ?? DEFAULT_START_MS) / 1000;
  const shift = Math.round(offsetS / slotS);
  const length = scenario.slots.length;
  const share = (slot: { arrivalRatePerS: number }) => ({ arrivalRatePerS: slot.arrivalRatePerS * region.share });
  const slots = scenario.slots.map((_, k) => share(scenario.slots[(((k + shift) % length) + length) % length]!));
  const history = scenario.history;
  return {
    ...scenario,
    slots,
    ...(region.timeZone !== undefined && { timeZone: region.timeZone }),
    ...(history && {
      history: history.map((slot, i) =>
        share(history[i + shift] ?? scenario.slots[i + shift - history.length] ?? slot),
      ),
    }),
    offers: scenario.offers.map((offer) => ({ ...offer, networkS: region.networkS?.[offer.id] ?? offer.networkS })),
  };
}

function sumOfRegions(scenario: Scenario, parts: readonly { prepared: Prepared }[]): Scenario {
  const slots = scenario.slots.map((_, k) => ({
    arrivalRatePerS: parts.reduce((sum, part) => sum + part.prepared.scenario.slots[k]!.arrivalRatePerS, 0),
  }));
  return { ...scenario, slots };
}

function assertUsable(scenario: Scenario): void {
  if (scenario.slots.length === 0) throw new RangeError('slots is empty: give at least one slot');
  if (scenario.offers.length === 0) throw new RangeError('offers is empty: give at least one offer');
  const ids = new Set(scenario.offers.map((offer) => offer.id));
  for (const { offer } of scenario.initial ?? []) {
    if (!ids.has(offer)) throw new RangeError(`initial names the offer "${offer}", which is not among the offers`);
  }
  if (scenario.regions !== undefined && scenario.arrivals?.process === 'times') {
    throw new RangeError('regions share out rates, not recorded requests: leave out regions or give slots');
  }
  if (scenario.policy === 'session' && !scenario.session) {
    throw new RangeError('policy is "session" but session is missing: give {candidates, threshold, handoffS}');
  }
}
