import type { Forecast, ForecastConfig, ForecastState, SlotObservation } from '../../domain/forecast/types.ts';
import type { PlanOptions } from '../../domain/planner/plan.ts';
import type { PlanProblem, PlanResult } from '../../domain/planner/types.ts';
import type { AgentAddress } from '../../ports/agent-client.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ComputeProvider } from '../../ports/compute-provider.ts';
import type { App, Sla, VmTypeGroup } from '../../ports/contracts/config.ts';
import type { Log } from '../../ports/log.ts';
import type { ArrivalStore, HeartbeatStore, LeaseStore, ScalerStore, VmStore } from '../../ports/state-store.ts';

/** The configuration that is in force: invalid rows already replaced by the last good ones. */
export interface RegionConfig {
  slas: ReadonlyMap<string, Sla>;
  apps: ReadonlyMap<string, App>;
  groups: ReadonlyMap<string, VmTypeGroup>;
  /** Group that the classifier gives an app; null: none serves it. */
  groupOf(app: App): string | null;
}

export interface ScalerOptions {
  /** Length of a slot: 600,000 on AWS, 20,000 on one machine. */
  slotMs: number;
  /** How long before its slot a run takes place, so that machines are up when it begins, until launches were measured; a tick comes then. */
  leadMs: number;
  /** Least measured lead that is believed. */
  leastLeadMs: number;
  /** Time between two looks, at most: a minute on AWS. */
  lookEveryMs: number;
  leaseTtlMs: number;
  /** A VM without a heartbeat for this long is unhealthy: it gets no work and is replaced... */
  heartbeatMissingMs: number;
  /** ...but ended only after this long: it may merely be slow, and its tasks with it. Back in time, it serves again. */
  silentEndMs: number;
  /** From launch to the first heartbeat, at most. */
  registrationTimeoutMs: number;
  /** Unknown machines are left alone until they are this old... */
  orphanAgeMs: number;
  /** ...and killed, like any machine that seems gone, only after a second listing at least this much later. */
  confirmMs: number;
  drainTimeoutMs: number;
  setAsideMs: number;
  /** How long a group's launches stay stopped after half of the last four failed. */
  breakerCoolMs: number;
  throttleBackoffMs: number;
  /** So long into a slot its own arrivals may show that the fleet is too large (docs/adr/0005): not before a start's billing minimum is over. */
  trimAfterMs: number;
  billing: 'per-second' | 'hourly';
  /** What placement and transport add to every response, beside the data centre's round trip. */
  overheadMs: number;
  /** Local time that the forecast's season follows. */
  timeZone: string;
}

/** Defaults for a slot length; times that have to do with the slot shrink with it. */
export function scalerOptions(slotMs: number, overrides: Partial<ScalerOptions> = {}): ScalerOptions {
  const short = slotMs < 120_000;
  return {
    slotMs,
    leadMs: short ? Math.min(3_000, slotMs / 5) : 90_000,
    leastLeadMs: short ? 1_000 : 15_000,
    lookEveryMs: Math.min(60_000, slotMs),
    leaseTtlMs: short ? 15_000 : 60_000,
    heartbeatMissingMs: 8_000,
    silentEndMs: short ? 20_000 : 60_000,
    registrationTimeoutMs: short ? 60_000 : 900_000,
    orphanAgeMs: Math.min(300_000, short ? slotMs : 300_000),
    confirmMs: short ? 1_000 : 30_000,
    drainTimeoutMs: short ? 120_000 : 900_000,
    setAsideMs: Math.min(180_000, short ? 3 * slotMs : 180_000),
    breakerCoolMs: 3 * slotMs,
    throttleBackoffMs: Math.min(60_000, slotMs / 2),
    trimAfterMs: 60_000,
    billing: 'per-second',
    overheadMs: 2,
    timeZone: 'UTC',
    ...overrides,
  };
}

export type ScalerState = VmStore & HeartbeatStore & ArrivalStore & LeaseStore & ScalerStore;

/** Forecasting as pure functions over a state of plain JSON. */
export interface Forecasting {
  createForecaster(config: ForecastConfig): ForecastState;
  update(state: ForecastState, observation: SlotObservation): ForecastState;
  forecast(state: ForecastState, levels: readonly number[]): Forecast;
}

/** @param options.workLimitMs most work for a proof, less than the planner's own limit */
export type PlanFleet = (
  problem: PlanProblem,
  options?: Pick<PlanOptions, 'workLimitMs'>,
) => PlanResult | Promise<PlanResult>;

export interface ScalerDeps {
  region: string;
  /** Distinguishes this scaler from another one for the same region. */
  owner: string;
  provider: ComputeProvider;
  state: ScalerState;
  config(): Promise<RegionConfig>;
  agents: { drain(agent: AgentAddress): Promise<void> };
  forecasting: Forecasting;
  /** The planner; may work elsewhere, since a hard problem takes 0.1 s of computing. */
  planFleet: PlanFleet;
  clock: Clock;
  /** Fresh ids of at most 40 ASCII characters, unique across scalers. */
  newId(): string;
  log: Log;
  options: ScalerOptions;
}
