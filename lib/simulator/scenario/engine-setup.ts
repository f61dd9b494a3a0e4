import type { ArrivalSpec } from '../engine/arrivals.ts';
import { type DemandSampler, demandSampler } from '../engine/demand.ts';
import { ExponentialKernel } from '../engine/exponential-kernel.ts';
import { GeneralKernel } from '../engine/general-kernel.ts';
import type { Kernel } from '../engine/kernel.ts';
import type { Recorder } from '../engine/recorder.ts';
import { Stream } from '../engine/rng.ts';
import type { Scenario } from './types.ts';

/** The kernel for a scenario's demand: exponential service has one of its own. */
export function createKernel(scenario: Scenario, recorder: Recorder, seed: number, replication: number): Kernel {
  const options = {
    handoffS: scenario.session?.handoffS ?? 0,
    poolLimit: scenario.poolLimit ?? Number.POSITIVE_INFINITY,
  };
  const demand = scenario.demand ?? { distribution: 'exponential' };
  const recorded = scenario.arrivals?.process === 'times' ? scenario.arrivals.demands : undefined;
  if (!recorded && demand.distribution === 'exponential') {
    return new ExponentialKernel(recorder, options, seed, replication);
  }
  const sampler = recorded ? inOrder(recorded) : demandSampler(demand, seed, replication, Stream.demands);
  return new GeneralKernel(recorder, options, sampler);
}

/** Demands of a recorded trace, one per arrival, scaled to mean 1. */
function inOrder(values: readonly number[]): DemandSampler {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  let i = 0;
  return { next: () => (i < values.length ? values[i++]! / mean : 1) };
}

/** The scenario's arrivals for the engine. */
export function arrivalsOf(scenario: Scenario, slotS: number, warmupS: number): ArrivalSpec {
  const arrivals = scenario.arrivals ?? { process: 'poisson' };
  if (arrivals.process === 'times') return arrivals;
  const ratesPerS = scenario.slots.map((slot) => slot.arrivalRatePerS);
  const gap = arrivals.process === 'renewal' ? { gap: arrivals.gap } : {};
  return { process: 'slots', ratesPerS, slotS, startS: -warmupS, ...gap };
}
