import {
  type ConcurrencyState,
  concurrencyScaling,
  initialConcurrency,
  KNATIVE_CONCURRENCY,
} from '../../domain/scaling/concurrency.ts';
import {
  EC2_TARGET_TRACKING,
  initialTargetTracking,
  type TargetTrackingState,
  targetTracking,
} from '../../domain/scaling/target-tracking.ts';
import { thresholdScaling } from '../../domain/scaling/threshold.ts';
import type { Scenario, ScenarioPlanner } from './types.ts';

/** What a controller may know at a tick: totals since the start, from which it takes differences, and the fleet now. */
export interface Readings {
  nowS: number;
  /** VMs of all offers. */
  ready: number;
  booting: number;
  present: number;
  /** Running totals: work done and capacity offered (requests), request-seconds present, requests finished and their times. */
  work: number;
  capacity: number;
  presentArea: number;
  finished: number;
  finishedSumS: number;
}

/** A controller that decides on the number of VMs by what it sees, at a fixed period. */
export interface ReactiveScaler {
  readonly periodS: number;
  /** Index of the offer that it adds and takes away. */
  readonly offer: number;
  desired(readings: Readings): number;
}

/** @returns null when the planner is not a reactive one */
export function reactiveScaler(planner: ScenarioPlanner, scenario: Scenario): ReactiveScaler | null {
  switch (planner.method) {
    case 'threshold':
    case 'target-tracking':
    case 'concurrency': {
      const offer = planner.offer === undefined ? 0 : scenario.offers.findIndex((o) => o.id === planner.offer);
      if (offer < 0) throw new RangeError(`planner.offer is "${planner.offer}", which is not among the offers`);
      const peakPerS = scenario.slots.reduce((most, slot) => Math.max(most, slot.arrivalRatePerS), 0);
      const limits = {
        minVms: planner.minVms ?? 1,
        // Autoscaling groups want a greatest size; an operator leaves room, but not for a runaway.
        maxVms: planner.maxVms ?? scenario.limits?.maxVms ?? vmsAt(scenario, offer, peakPerS, 1 / 3),
      };
      if (planner.method === 'threshold') return thresholdScaler(planner, scenario, offer, limits);
      if (planner.method === 'target-tracking') return trackingScaler(planner.utilization ?? 0.5, offer, limits);
      const { cores, sharingLimit } = scenario.offers[offer]!;
      return concurrencyScaler(planner.targetPerVm ?? 0.7 * Math.min(cores, sharingLimit), offer, limits);
    }
    default:
      return null;
  }
}

/** VMs of an offer that a rate keeps busy to `utilization`; at least one. */
export function vmsAt(scenario: Scenario, offer: number, ratePerS: number, utilization: number): number {
  const { serviceRatePerS, cores, sharingLimit } = scenario.offers[offer]!;
  const capacityPerS = (serviceRatePerS * Math.min(cores, sharingLimit)) / cores;
  return Math.max(1, Math.ceil(ratePerS / (capacityPerS * utilization)));
}

interface Limits {
  minVms: number;
  maxVms: number;
}

function thresholdScaler(
  planner: Extract<ScenarioPlanner, { method: 'threshold' }>,
  scenario: Scenario,
  offer: number,
  limits: Limits,
): ReactiveScaler {
  const upperS = planner.upperS ?? scenario.sla.targetS;
  const rule = { upperS, lowerS: planner.lowerS ?? upperS / 3, step: planner.step ?? 1, ...limits };
  let finished = 0;
  let sumS = 0;
  return {
    periodS: planner.periodS ?? 60,
    offer,
    desired(now) {
      const count = now.finished - finished;
      const meanResponseS = count > 0 ? (now.finishedSumS - sumS) / count : null;
      finished = now.finished;
      sumS = now.finishedSumS;
      const { ready, booting, present } = now;
      return thresholdScaling(rule, { ready, booting, present, meanResponseS }).desired;
    },
  };
}

function trackingScaler(targetUtilization: number, offer: number, limits: Limits): ReactiveScaler {
  const { periodS, pointsOut, pointsIn } = EC2_TARGET_TRACKING;
  let state: TargetTrackingState = initialTargetTracking;
  let work = 0;
  let capacity = 0;
  return {
    periodS,
    offer,
    desired(now) {
      const offered = now.capacity - capacity;
      const utilization = offered > 0 ? (now.work - work) / offered : null;
      work = now.work;
      capacity = now.capacity;
      const decision = targetTracking({ targetUtilization, pointsOut, pointsIn, ...limits }, state, {
        ready: now.ready,
        warming: now.booting,
        utilization,
      });
      state = decision.state;
      return decision.desired;
    },
  };
}

function concurrencyScaler(targetPerVm: number, offer: number, limits: Limits): ReactiveScaler {
  const { tickS, stableWindowS, panicWindowS, panicThreshold, maxScaleDownRate } = KNATIVE_CONCURRENCY;
  const rule = { targetPerVm, stableWindowS, panicWindowS, panicThreshold, maxScaleDownRate, ...limits };
  let state: ConcurrencyState = initialConcurrency;
  /** Readings of the last stable window, oldest first. */
  const past: { atS: number; area: number }[] = [];
  const meanOver = (windowS: number, now: Readings) => {
    const from = past.find((p) => p.atS >= now.nowS - windowS - 1e-9);
    return from && now.nowS > from.atS ? (now.presentArea - from.area) / (now.nowS - from.atS) : now.present;
  };
  return {
    periodS: tickS,
    offer,
    desired(now) {
      const seen = {
        nowS: now.nowS,
        ready: now.ready,
        stableMean: meanOver(stableWindowS, now),
        panicMean: meanOver(panicWindowS, now),
      };
      past.push({ atS: now.nowS, area: now.presentArea });
      while (past[0]!.atS < now.nowS - stableWindowS) past.shift();
      const decision = concurrencyScaling(rule, state, seen);
      state = decision.state;
      return decision.desired;
    },
  };
}
