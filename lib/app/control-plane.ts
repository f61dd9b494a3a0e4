/** Puts the use cases of the request path together for one region; adapters are passed in. */
import type { Hono } from 'hono';
import type { AgentClient } from '../ports/agent-client.ts';
import type { BundleStore } from '../ports/bundle-store.ts';
import type { BundleUploads } from '../ports/bundle-uploads.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { VmTypeGroup } from '../ports/contracts/config.ts';
import type { RegionsResponse } from '../ports/contracts/wire.ts';
import type { Log } from '../ports/log.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { TicketSigner } from '../ports/tickets.ts';
import { createArrivals } from './arrivals.ts';
import { type ConfigCache, createConfigCache } from './config-cache.ts';
import { createHttpApp } from './http/app.ts';
import type { Authenticate, HttpEnv } from './http/identity.ts';
import { createPlacer, type MissingRuntime, type Place } from './place.ts';
import { createModelPredictor } from './predict-response.ts';
import { type RegionStatus, regionStatus } from './status.ts';

export interface ControlPlaneDependencies {
  regionId: string;
  geography: string;
  /** Own URL, once known. */
  endpoint: () => string;
  regions: () => RegionsResponse;
  authenticate: Authenticate;
  configStore: ConfigStore;
  state: StateStore;
  bundles: BundleStore;
  /** Null: this endpoint registers nothing. */
  uploads: BundleUploads | null;
  agents: AgentClient;
  signer: TicketSigner;
  clock: Clock;
  log: Log;
  /** Names this process among the writers of arrival counts. */
  shard: string;
  /** Unpredictable, for ticket ids. */
  randomId: () => string;
  /** Uniform in [0, 1). */
  random: () => number;
  groupPriceUsdPerHour?: (group: VmTypeGroup) => number | null;
  /** Length of the scaler's slots; absent: the fleet does not change. */
  slotMs?: number;
  /** Runtimes that no VM here could have; absent: every VM that a group rents has what the group says. */
  missingRuntime?: MissingRuntime;
  /** Added to the status answer, e.g. the scaler's slots. */
  extraStatus?: (status: RegionStatus) => Promise<Record<string, unknown>>;
}

export interface PlacementTally {
  remote: number;
  /** Devices told to run the task themselves. */
  local: number;
  /** Refused with an error. */
  refused: number;
}

export interface ControlPlane {
  http: Hono<HttpEnv>;
  place: Place;
  /** Answers to placement requests since this process began. */
  tally: Readonly<PlacementTally>;
  config: ConfigCache;
  status(): Promise<RegionStatus & Record<string, unknown>>;
  /** Writes gathered arrival counts unless the last write is younger than `minAgeMs`: on a timer in Node, after answers in Lambda. */
  flush(minAgeMs?: number): Promise<void>;
}

export function createControlPlane(deps: ControlPlaneDependencies): ControlPlane {
  const { clock, state, configStore, bundles, log, signer } = deps;
  const config = createConfigCache({ store: configStore, lastGood: state, clock, log });
  const arrivals = createArrivals(state, deps.shard);
  const tally: PlacementTally = { remote: 0, local: 0, refused: 0 };
  const placer = createPlacer({
    regionId: deps.regionId,
    config,
    store: state,
    signer,
    clock,
    arrivals,
    randomId: deps.randomId,
    random: deps.random,
    predict: createModelPredictor(clock),
    ...(deps.slotMs === undefined ? {} : { slotMs: deps.slotMs }),
    ...(deps.missingRuntime === undefined ? {} : { missingRuntime: deps.missingRuntime }),
    ...(deps.groupPriceUsdPerHour === undefined ? {} : { groupPriceUsdPerHour: deps.groupPriceUsdPerHour }),
  });
  const place: Place = async (...request) => {
    const outcome = await placer(...request);
    tally[outcome.ok ? outcome.response.decision : 'refused'] += 1;
    return outcome;
  };
  const status = async () => {
    const own = await regionStatus({ ...deps, store: state, config });
    return { ...own, ...(await deps.extraStatus?.(own)) };
  };
  const http = createHttpApp({
    authenticate: deps.authenticate,
    place,
    invoke: { place, agents: deps.agents, config, arrivals, clock },
    configAdmin: { store: configStore, bundles, config, clock },
    bundles,
    uploads: deps.uploads,
    tasks: { store: state, agents: deps.agents, clock },
    arrivals,
    signer,
    regions: deps.regions,
    regionId: deps.regionId,
    status,
    log,
  });
  return { http, place, tally, config, status, flush: (minAgeMs = 0) => arrivals.flushIfDue(clock.nowMs(), minAgeMs) };
}
