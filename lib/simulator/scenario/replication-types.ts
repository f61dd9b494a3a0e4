import type { ForecastState } from '../../domain/forecast/types.ts';
import type { Recorder } from '../engine/recorder.ts';
import type { FleetPlanner } from './fleet-planner.ts';
import type { Ledger } from './ledger.ts';
import type { MachineEvent } from './machines.ts';
import type { Scenario, ScenarioPlanner } from './types.ts';

/** What replications of one scenario share. */
export interface Prepared {
  scenario: Scenario;
  planner: ScenarioPlanner;
  slotS: number;
  seed: number;
  /** Null with an oracle. */
  forecastState: ForecastState | null;
  fleetPlanner: FleetPlanner | null;
}

export interface ReplicationResult {
  recorder: Recorder;
  ledger: Ledger;
  controlPlaneUsd: number;
  infeasibleSlots: number;
}

export type ReplicationEvent =
  | MachineEvent
  | { kind: 'slot'; k: number }
  | { kind: 'plan'; k: number }
  | { kind: 'tick' }
  | { kind: 'burst' };
