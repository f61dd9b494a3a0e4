import type { SessionParameters } from '../../domain/queueing/types.ts';
import type { Scenario } from '../../simulator/scenario/types.ts';

/** Ours, the published rivals, and what lies between: each with a knob that trades rent against attainment. */
export interface Contestant {
  name: string;
  kind: 'ours' | 'baseline' | 'between';
  /** What the knob is, and the values swept for a curve; `usual` is the published or default one. */
  knob: string;
  usual: readonly number[];
  sweep: readonly number[];
  /** What this contestant makes of a scenario. */
  apply(base: Scenario, knob: number): Scenario;
}

/** The example of the design: k = 5 candidates, handed on above 2, a millisecond per hand-over inside the network. */
export const SESSION: SessionParameters = { candidates: 5, threshold: 2, handoffS: 0.001 };
/** Age of the controller's cached view in `snapshot`. */
export const SNAPSHOT_AGE_S = 0.1;
/**
 * USD per million placements: `exact` is API $1, Lambda $0.2, a conditional write and reads $1.5; `snapshot` the first two; `session`
 * asks once per many requests. Rivals' load balancers are free here, which favours them.
 */
export const CONTROL_PLANE_USD_PER_MILLION = { exact: 2.7, snapshot: 1.2, session: 0 };
const BURST_CHECK_S = 30;

const DISPATCH = [
  { suffix: 'round robin', policy: 'round-robin' },
  { suffix: 'least outstanding', policy: 'jsq' },
] as const;
const free = { exact: 0, snapshot: 0, session: 0 };
const QUANTILES = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995];
const plannedOn = (quantile: number) => ({
  planner: { method: 'exact' as const },
  forecast: 'auto' as const,
  quantile,
  burstCheckS: BURST_CHECK_S,
});

const ours: Contestant[] = [
  {
    name: 'OaaS exact',
    kind: 'ours',
    knob: 'forecast quantile',
    usual: [0.95],
    sweep: QUANTILES,
    apply: (base, q) => ({ ...base, ...plannedOn(q), policy: 'jsq' }),
  },
  {
    name: 'OaaS snapshot',
    kind: 'ours',
    knob: 'forecast quantile',
    usual: [0.95],
    sweep: QUANTILES,
    apply: (base, q) => ({ ...base, ...plannedOn(q), policy: 'jsq', snapshotAgeS: SNAPSHOT_AGE_S }),
  },
  {
    name: 'OaaS session',
    kind: 'ours',
    knob: 'forecast quantile',
    usual: [0.95],
    sweep: QUANTILES,
    apply: (base, q) => ({ ...base, ...plannedOn(q), policy: 'session', session: SESSION }),
  },
];

const between: Contestant[] = [
  {
    name: 'our planner, round robin',
    kind: 'between',
    knob: 'forecast quantile',
    usual: [0.95],
    sweep: QUANTILES,
    apply: (base, q) => ({ ...base, ...plannedOn(q), policy: 'round-robin', controlPlaneUsdPerMillion: free }),
  },
];

/** Reactive rivals start from a sensible fleet, and have the warm-up to settle. */
function warm(base: Scenario): Scenario {
  const offer = base.offers[0]!;
  const count = Math.ceil(base.slots[0]!.arrivalRatePerS / (0.6 * offer.serviceRatePerS));
  return { ...base, initial: [{ offer: offer.id, count }], controlPlaneUsdPerMillion: free };
}

const paper: Contestant[] = [
  {
    name: 'paper, oracle',
    kind: 'baseline',
    knob: 'none',
    usual: [0],
    sweep: [0],
    apply: (base) => ({
      ...base,
      policy: 'capacity',
      planner: { method: 'paper' },
      forecast: 'oracle',
      controlPlaneUsdPerMillion: free,
    }),
  },
  {
    name: 'paper, our forecast',
    kind: 'baseline',
    knob: 'forecast quantile',
    usual: [0.95],
    sweep: [0.5, 0.8, 0.95, 0.995],
    apply: (base, quantile) => ({
      ...base,
      policy: 'capacity',
      planner: { method: 'paper' },
      forecast: 'auto',
      quantile,
      controlPlaneUsdPerMillion: free,
    }),
  },
];

const rivals: Contestant[] = DISPATCH.flatMap(({ suffix, policy }): Contestant[] => [
  {
    name: `static peak, ${suffix}`,
    kind: 'baseline',
    knob: 'none',
    usual: [0],
    sweep: [0],
    apply: (base) => ({ ...base, policy, planner: { method: 'static' }, controlPlaneUsdPerMillion: free }),
  },
  {
    name: `IoT threshold, ${suffix}`,
    kind: 'baseline',
    knob: 'upper threshold / target',
    usual: [1],
    sweep: [0.6, 0.8, 1],
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
    sweep: [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
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
    sweep: [0.4, 0.55, 0.7, 0.85, 1],
    apply: (base, targetPerVm) => ({
      ...warm(base),
      policy,
      planner: { method: 'concurrency', targetPerVm },
    }),
  },
]);

export const contestants: readonly Contestant[] = [...ours, ...between, ...paper, ...rivals];
