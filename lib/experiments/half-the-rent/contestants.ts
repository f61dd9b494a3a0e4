import type { SessionParameters } from '../../domain/queueing/types.ts';
import type { Scenario } from '../../simulator/scenario/types.ts';
import { memoPlanner } from '../planner-memo.ts';
import type { Job } from '../scenarios.ts';

/** Ours, the published rivals, and what lies between: each with a knob that trades rent against attainment. */
export interface Contestant {
  name: string;
  kind: 'ours' | 'baseline' | 'between';
  /** Told of the slots to come, in whole (`paper, oracle`) or of their highest. */
  hindsight?: true;
  /** What the knob is, and the values swept for a curve; `usual` is the published or default one. */
  knob: string;
  usual: readonly number[];
  sweep: readonly number[];
  /** Share of the target that ours plan for, `PLAN_FOR_SHARE` unless given. */
  planForShare?: number;
  /** What this contestant makes of a scenario. */
  apply(base: Scenario, knob: number): Scenario;
}

/** Ours plan for 95 % of the target: the reserve against chance and the model's error. */
export const PLAN_FOR_SHARE = 0.95;
export const jobOf = (contestant: Contestant, base: Scenario, knob: number): Job => ({
  scenario: contestant.apply(base, knob),
  ...(contestant.kind === 'baseline' ? {} : { planForShare: contestant.planForShare ?? PLAN_FOR_SHARE }),
});

/** A ticket names 8 candidates; a VM with 2 or more hands on, in a millisecond inside the network. */
export const SESSION: SessionParameters = { candidates: 8, threshold: 2, handoffS: 0.001 };
/** Age of the controller's cached view in `snapshot`. */
export const SNAPSHOT_AGE_S = 0.1;
/**
 * USD per million placements: `exact` is API $1, Lambda $0.2, a conditional write and reads $1.5; `snapshot` the first two; `session`
 * asks once per many requests.
 */
export const CONTROL_PLANE_USD_PER_MILLION = { exact: 2.7, snapshot: 1.2, session: 0 };

/**
 * Rivals' least-outstanding dispatch needs a load balancer that every request passes: an AWS Application Load Balancer at list
 * price (us-east-1: $0.0225 an hour and $0.008 per capacity unit, 25 new connections per second each; data not counted).
 * Their round robin is free, as by DNS.
 */
function balancerUsdPerMillion(base: Scenario): number {
  const ratePerS = base.slots.reduce((sum, s) => sum + s.arrivalRatePerS, 0) / base.slots.length;
  return ((0.0225 + (0.008 * ratePerS) / 25) / (3600 * ratePerS)) * 1e6;
}
const withBalancer = (base: Scenario): Scenario => ({
  ...base,
  controlPlaneUsdPerMillion: { exact: balancerUsdPerMillion(base), snapshot: 0, session: 0 },
});

/** The scaler looks this often at the arrivals and adds VMs when they clearly exceed the plan... */
export const BURST_CHECK_S = 10;
/** ...and from so long into a slot on takes away what its own arrivals show to be surplus. */
export const TRIM_AFTER_S = 60;

const DISPATCH = [
  { suffix: 'round robin', policy: 'round-robin' },
  { suffix: 'least outstanding', policy: 'jsq' },
] as const;
const QUANTILES = [0.5, 0.8, 0.9, 0.95, 0.99, 0.999];
/** Of the forecast, by default. */
const USUAL_QUANTILE = 0.95;
const plannedOn = (quantile: number) => ({
  planner: { method: 'exact' as const },
  forecast: 'auto' as const,
  quantile,
  burstCheckS: BURST_CHECK_S,
  trimAfterS: TRIM_AFTER_S,
});

const ours: Contestant[] = [
  {
    name: 'OaaS exact',
    kind: 'ours',
    knob: 'forecast quantile',
    usual: [USUAL_QUANTILE],
    sweep: QUANTILES,
    apply: (base, q) => ({ ...base, ...plannedOn(q), policy: 'jsq' }),
  },
  {
    name: 'OaaS snapshot',
    kind: 'ours',
    knob: 'forecast quantile',
    usual: [USUAL_QUANTILE],
    sweep: [0.8, 0.95, 0.99],
    apply: (base, q) => ({ ...base, ...plannedOn(q), policy: 'jsq', snapshotAgeS: SNAPSHOT_AGE_S }),
  },
  {
    name: 'OaaS session',
    kind: 'ours',
    // The planner plans sessions at the far end of the model's error bound already: that is the reserve.
    planForShare: 1,
    knob: 'forecast quantile',
    usual: [USUAL_QUANTILE],
    sweep: QUANTILES,
    apply: (base, q) => ({ ...base, ...plannedOn(q), policy: 'session', session: SESSION }),
  },
];

/** With a floor the forecast need not be as cautious. */
const FLOOR_QUANTILE = 0.9;

/** For who wants every slot: a group whose `minVms` the plan never goes below. */
const floored = (base: Scenario, minVms: number): Scenario => ({
  ...base,
  ...plannedOn(FLOOR_QUANTILE),
  policy: 'session',
  session: SESSION,
  limits: { ...base.limits, minVms: Math.ceil(minVms) },
});

const withFloor: Contestant[] = [
  {
    name: 'OaaS session, floor from history',
    kind: 'ours',
    knob: 'share of what the highest past slot keeps busy',
    usual: [],
    sweep: [0.2, 0.4, 0.7, 1],
    apply: (base, share) => floored(base, (share * highestPastPerS(base)) / base.offers[0]!.serviceRatePerS),
  },
  {
    // Told what the static peak in hindsight is told, and no more.
    name: 'OaaS session, floor in hindsight',
    kind: 'ours',
    hindsight: true,
    knob: 'share of the static peak in hindsight',
    usual: [],
    sweep: [0.3, 0.6, 0.9, 1],
    apply: (base, share) => floored(base, share * staticPeakVms(base)),
  },
];

/** VMs of `static peak in hindsight, least outstanding`. */
function staticPeakVms(base: Scenario): number {
  const arrivalRatePerS = base.slots.reduce((most, slot) => Math.max(most, slot.arrivalRatePerS), 0);
  const { sla, offers } = base;
  const { fleet } = memoPlanner(1)({
    arrivalRatePerS,
    sla,
    offers: [...offers],
    policy: 'jsq',
    method: 'exact',
    horizonS: 600,
  });
  return fleet.reduce((sum, entry) => sum + entry.count, 0);
}

const highestPastPerS = (base: Scenario): number =>
  (base.history ?? []).reduce((most, slot) => Math.max(most, slot.arrivalRatePerS), 0);

const between: Contestant[] = [
  {
    name: 'OaaS session, no scale-in within slots',
    kind: 'between',
    knob: 'forecast quantile',
    usual: [USUAL_QUANTILE],
    sweep: [USUAL_QUANTILE],
    apply: (base, q) => {
      const { trimAfterS: _, ...plain } = { ...base, ...plannedOn(q) };
      return { ...plain, policy: 'session', session: SESSION };
    },
  },
  {
    name: 'our planner, round robin',
    kind: 'between',
    knob: 'forecast quantile',
    usual: [USUAL_QUANTILE],
    sweep: [USUAL_QUANTILE],
    apply: (base, q) => ({ ...base, ...plannedOn(q), policy: 'round-robin' }),
  },
];

/** Reactive rivals start from a sensible fleet, and have the warm-up to settle. */
function warm(base: Scenario): Scenario {
  const offer = base.offers[0]!;
  const count = Math.ceil(base.slots[0]!.arrivalRatePerS / (0.6 * offer.serviceRatePerS));
  return { ...withBalancer(base), initial: [{ offer: offer.id, count }] };
}

const paper: Contestant[] = [
  {
    name: 'paper, oracle',
    kind: 'baseline',
    hindsight: true,
    knob: 'none',
    usual: [0],
    sweep: [0],
    apply: (base) => ({
      ...base,
      policy: 'capacity',
      planner: { method: 'paper' },
      forecast: 'oracle',
    }),
  },
  {
    name: 'paper, our forecast',
    kind: 'baseline',
    knob: 'forecast quantile',
    usual: [USUAL_QUANTILE],
    sweep: [0.8, 0.99],
    apply: (base, quantile) => ({
      ...base,
      policy: 'capacity',
      planner: { method: 'paper' },
      forecast: 'auto',
      quantile,
    }),
  },
];

const rivals: Contestant[] = DISPATCH.flatMap(({ suffix, policy }): Contestant[] => [
  {
    name: `static peak in hindsight, ${suffix}`,
    kind: 'baseline',
    hindsight: true,
    knob: 'none',
    usual: [0],
    sweep: [0],
    apply: (base) => ({ ...withBalancer(base), policy, planner: { method: 'static' } }),
  },
  {
    name: `static peak of the history, ${suffix}`,
    kind: 'baseline',
    knob: 'of the highest past slot',
    usual: [],
    sweep: [1],
    apply: (base, share) => ({
      ...withBalancer(base),
      policy,
      planner: { method: 'static', arrivalRatePerS: share * highestPastPerS(base) },
    }),
  },
  {
    name: `IoT threshold, ${suffix}`,
    kind: 'baseline',
    knob: 'upper threshold / target',
    usual: [1],
    sweep: [0.7, 1],
    apply: (base, share) => ({
      ...warm(base),
      policy,
      planner: { method: 'threshold', upperS: share * base.sla.targetS, lowerS: 0.5 * share * base.sla.targetS },
    }),
  },
  {
    name: `target tracking, ${suffix}`,
    kind: 'baseline',
    knob: 'utilization',
    usual: [0.5, 0.7],
    sweep: [0.35, 0.5, 0.7, 0.85],
    apply: (base, utilization) => ({
      ...warm(base),
      policy,
      planner: { method: 'target-tracking', utilization },
    }),
  },
  {
    name: `concurrency, ${suffix}`,
    kind: 'baseline',
    knob: 'requests per VM',
    usual: [0.7],
    sweep: [0.45, 0.7, 0.9],
    apply: (base, targetPerVm) => ({
      ...warm(base),
      policy,
      planner: { method: 'concurrency', targetPerVm },
    }),
  },
]);

export const contestants: readonly Contestant[] = [...ours, ...withFloor, ...between, ...paper, ...rivals];
