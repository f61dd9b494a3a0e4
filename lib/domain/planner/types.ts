import type { Policy, SessionParameters } from '../queueing/types.ts';

/** What the service level is measured by: the mean or a percentile of the response time. */
export type Indicator = 'mean' | 'p95' | 'p99';

export interface SlaTarget {
  indicator: Indicator;
  /** R, the papers' mRT, in seconds; counts the network's round trip. */
  targetS: number;
}

export type PurchaseOption = 'on-demand' | 'spot';

/** One thing that can be rented: a VM type in a data centre under a purchase option. */
export interface Offer {
  id: string;
  /** Requests per second of the whole VM with all cores busy. */
  serviceRatePerS: number;
  cores: number;
  sharingLimit: number;
  priceUsdPerHour: number;
  /** Round trip between device and VM, seconds. */
  networkS: number;
  /** Most VMs of this offer in the fleet, those already running included; no limit when absent. */
  max?: number;
  /** `on-demand` when absent. */
  purchaseOption?: PurchaseOption;
  /** Seconds from launch to ready; a launch that takes the whole horizon cannot help in it. */
  bootS?: number;
  /** Seconds from stopped to ready; 0 when absent. */
  startS?: number;
}

export type VmState = 'running' | 'booting' | 'stopped';

/** VMs that exist already. */
export interface CurrentVms {
  /** The id of one of the problem's offers. */
  offer: string;
  state: VmState;
  count: number;
  /** Under hourly billing: seconds until the hour that is already paid ends. Ignored under per-second billing. */
  remainingRentalS?: number;
}

export interface PlanLimits {
  maxVms?: number;
  /** Of the whole fleet, at list price. */
  maxUsdPerHour?: number;
  minVms?: number;
  /** Largest share of the fleet's serving rate that may be spot, 0 to 1. */
  maxSpotShare?: number;
}

/** USD per million placements, per dispatch mode. */
export interface ControlPlaneCost {
  exact?: number;
  snapshot?: number;
  session?: number;
}

export type PlanMethod = 'exact' | 'paper' | 'same' | 'minimum' | 'maximum';

/** What `npx oaas plan` reads. */
export interface PlanProblem {
  arrivalRatePerS: number;
  sla: SlaTarget;
  /** How requests are spread; `auto` leaves the dispatch mode to the planner. Default `jsq`. */
  policy?: Policy | 'auto';
  /** Default `exact`. */
  method?: PlanMethod;
  offers: Offer[];
  current?: CurrentVms[];
  /** Default `per-second`. */
  billing?: 'per-second' | 'hourly';
  /** Default 600. */
  horizonS?: number;
  limits?: PlanLimits;
  /** Only weighed under `auto`. Default exact 2.7, session 0. */
  controlPlaneUsdPerMillion?: ControlPlaneCost;
  /** Parameters of the `session` policy. */
  session?: SessionParameters;
  /** Age of the occupancy that a `jsq` dispatcher sees; with `auto` that of the snapshot mode. */
  snapshotAgeS?: number;
  /** Squared coefficient of variation of the service demand; 1 = exponential. */
  serviceScv?: number;
}

export interface FleetEntry {
  offer: string;
  count: number;
}

export interface PlanAction {
  do: 'keep' | 'launch' | 'start' | 'drain';
  offer: string;
  count: number;
  why: string;
}

/** One dispatch mode weighed under `auto`. */
export interface DispatchOption {
  mode: 'exact' | 'snapshot' | 'session';
  policy: Policy;
  feasible: boolean;
  rentUsdPerHour: number | null;
  controlPlaneUsdPerHour: number;
  totalUsdPerHour: number | null;
  vms: number | null;
}

export interface DispatchChoice {
  mode: DispatchOption['mode'];
  options: DispatchOption[];
  /** Control-plane price (USD per million placements of `exact`) at which `exact` and `session` cost the same; null when one of them is infeasible. */
  breakEvenUsdPerMillion: number | null;
  why: string;
}

/**
 * `optimal`: no cheaper fleet exists under the model. `feasible`: meets everything, cheapness not proven (the paper's methods).
 * `timeLimit`: the best found when the work budget ended. `infeasible`: see `reason`.
 */
export type PlanStatus = 'optimal' | 'feasible' | 'infeasible' | 'timeLimit';

/** What `npx oaas plan` answers. An infeasible plan has an empty fleet and no actions. */
export interface PlanResult {
  status: PlanStatus;
  method: PlanMethod;
  /** The policy that the prediction holds for (the chosen one under `auto`). */
  policy: Policy;
  fleet: FleetEntry[];
  actions: PlanAction[];
  /** List price of the fleet. */
  costUsdPerHour: number;
  /** The objective: new money over the horizon under the billing rule. */
  newUsdOverHorizon: number;
  /** No fleet that keeps the promise can cost less (same objective, same model). */
  lowerBoundUsd: number;
  /** 100 (newUsdOverHorizon - lowerBoundUsd) / lowerBoundUsd; 0 when both are 0, null when only the bound is. */
  gapPct: number | null;
  predicted: { responseTimeS: { mean: number | null; p95: number | null; p99: number | null } };
  /** When infeasible: which target, which offers, what would do. */
  reason?: string;
  /** Offers left out and why (a boot longer than the horizon, for example). */
  notes?: string[];
  /** Only under `auto`. */
  dispatch?: DispatchChoice;
}
