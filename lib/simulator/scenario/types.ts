import type { ForecastMethod } from '../../domain/forecast/types.ts';
import type {
  ControlPlaneCost,
  FleetEntry,
  Offer,
  PlanLimits,
  PlanMethod,
  SlaTarget,
} from '../../domain/planner/types.ts';
import type { Policy, SessionParameters } from '../../domain/queueing/types.ts';
import type { DemandSpec } from '../engine/demand.ts';
import type { ReportSchedule } from '../engine/policies/stale-jsq.ts';

export type ScenarioPolicy = Policy | 'power-of-two' | 'join-idle-queue';

/** Who decides on the fleet. */
export type ScenarioPlanner =
  /** The product's planner, once per slot, on the forecast. */
  | { method: PlanMethod }
  /** `initial`, for ever; without `initial`, the cheapest fleet for `arrivalRatePerS` (default: the highest slot). */
  | { method: 'static'; arrivalRatePerS?: number }
  /** The IoT paper's rule on the mean response time; `upperS` defaults to the SLA's target, `lowerS` to a third of it. */
  | ({ method: 'threshold'; upperS?: number; lowerS?: number; step?: number; periodS?: number } & BaselineLimits)
  /** EC2 Auto Scaling on mean utilization (default 0.5). */
  | ({ method: 'target-tracking'; utilization?: number } & BaselineLimits)
  /** Knative on requests present per VM (default 0.7 per usable core). */
  | ({ method: 'concurrency'; targetPerVm?: number } & BaselineLimits);

export interface BaselineLimits {
  /** The offer that is added; default the first. */
  offer?: string;
  /** Default 1. */
  minVms?: number;
  /** Default: enough to keep the peak slot at a third of capacity. */
  maxVms?: number;
}

export interface BootDelay {
  distribution: 'deterministic' | 'exponential' | 'lognormal' | 'erlang';
  meanS: number;
  /** For `lognormal`. */
  scv?: number;
  /** For `erlang`. */
  phases?: number;
}

/** A region runs a pool of its own, under the same clock. */
export interface ScenarioRegion {
  id: string;
  /** Share of the arrivals. */
  share: number;
  /** Hours ahead of UTC; the slots are local time, so the region sees them this much earlier. */
  utcOffsetHours?: number;
  /** Instead of `utcOffsetHours`: an IANA zone, whose offset at the start is taken; also the wall clock of its forecast. */
  timeZone?: string;
  /** Round trip to each offer from here, seconds; others keep the offer's own. */
  networkS?: Readonly<Record<string, number>>;
}

/** Everything `npx oaas simulate` reads, with its trace already read into `slots`. */
export interface Scenario {
  slots: readonly { arrivalRatePerS: number }[];
  /** Length of a slot; default 600. */
  slotS?: number;
  /** Slots before the first, for the forecast: their rates; counts are drawn (Poisson). */
  history?: readonly { arrivalRatePerS: number }[];
  /** Start of the first slot, UTC epoch milliseconds; default Monday 2026-01-05. */
  startMs?: number;
  /** Wall clock of the forecast's season. */
  timeZone?: string;
  /** Between arrivals of one slot; Poisson unless said. */
  arrivals?:
    | { process: 'poisson' }
    | { process: 'renewal'; gap: DemandSpec }
    | { process: 'times'; timesS: readonly number[]; demands?: readonly number[] };
  /** Of mean 1; an offer's serviceRatePerS is per mean demand. */
  demand?: DemandSpec;
  offers: readonly Offer[];
  /** Fleet that is ready at the start; default what the planner has for the first slot, or for a reactive one 60 % utilization. */
  initial?: readonly FleetEntry[];
  sla: SlaTarget;
  policy?: ScenarioPolicy | 'auto';
  session?: SessionParameters;
  snapshotAgeS?: number;
  reports?: ReportSchedule;
  /** Front-ends that do not see each other's choices. */
  dispatchers?: number;
  queueLimit?: number;
  poolLimit?: number;
  planner?: ScenarioPlanner | ScenarioPlanner['method'];
  limits?: PlanLimits;
  forecast?: ForecastMethod | 'oracle';
  /** Of the forecast; the mean when absent. */
  quantile?: number;
  /** Launch to ready; an offer's own wins. */
  bootS?: number | BootDelay;
  /** How long before a slot its plan is made and its launches start; default the boot delay's 90th percentile. */
  leadS?: number;
  /** How often the scaler looks for a burst between plans (queue growing, refusals, twice the rate planned); never when absent. */
  burstCheckS?: number;
  /**
   * With `burstCheckS`: so long into a slot the scaler also takes away what the slot's own arrivals show to be surplus. Never when
   * absent.
   */
  trimAfterS?: number;
  /** An attempt to launch fails with this probability, costs nothing, and is repeated after `retryS`. */
  launchFailures?: { probability: number; retryS: number };
  /** For spot offers: exponential life, notice, then gone with what it holds. */
  spotInterruption?: { ratePerHour: number; noticeS?: number };
  billing?: 'per-second' | 'hourly';
  controlPlaneUsdPerMillion?: ControlPlaneCost;
  regions?: readonly ScenarioRegion[];
  /** Simulated before the first slot at its rate, and not counted, seconds. */
  warmupS?: number;
  replications?: number;
  seed?: number;
}

export interface ResponseSummary {
  mean: number | null;
  p95: number | null;
  p99: number | null;
}

/** One slot, over all replications: counts, money and VMs are means per replication, times are over all their requests. */
export interface SlotResult {
  startS: number;
  arrivalRatePerS: number;
  requests: number;
  refused: number;
  rentUsd: number;
  fluidBoundUsd: number;
  responseTimeS: ResponseSummary;
  /** Whether the slot, all replications together, kept the SLA. */
  withinTarget: boolean;
  /** Share of the replications in which it did. */
  shareWithin: number;
  /** Work done / capacity of the VMs that serve. */
  utilization: number;
  /** VMs rented, averaged over the slot. */
  vmsByOffer: Record<string, number>;
  launches: number;
}

export interface ScenarioTotal {
  requests: number;
  refused: number;
  rentUsd: number;
  controlPlaneUsd: number;
  fluidBoundUsd: number;
  rentOverBound: number | null;
  /** Rent and control plane over the bound. */
  costOverBound: number | null;
  shareSlotsWithin: number;
  /** Of all requests, those answered within the SLA's target; refused ones are missed. */
  shareRequestsWithin: number;
  responseTimeS: ResponseSummary;
  utilization: number;
  launches: number;
  /** Slots for which the planner found no fleet and the running one was kept. */
  infeasibleSlots: number;
  /** Half-widths of the 95 % confidence intervals over the replications; null with one. */
  ci95: {
    rentUsd: number | null;
    rentOverBound: number | null;
    shareSlotsWithin: number | null;
    shareRequestsWithin: number | null;
    responseTimeS: number | null;
  };
}

export interface ScenarioResult {
  slots: SlotResult[];
  total: ScenarioTotal;
  /** With more than one region, each of them; `slots` and `total` are then sums (slots in UTC). */
  regions?: { id: string; slots: SlotResult[]; total: ScenarioTotal }[];
}
