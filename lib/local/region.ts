/** One geography's region on this machine: endpoint, control plane, provider of process VMs and scaler timer. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createDynamoDbClient } from '../adapters/aws/dynamodb-client.ts';
import { createDynamoDbConfigStore } from '../adapters/aws/dynamodb-config-store.ts';
import { createDynamoDbStateStore } from '../adapters/aws/dynamodb-state-store.ts';
import { stateTableName } from '../adapters/aws/keys.ts';
import { createBearerAuth } from '../adapters/local/bearer-auth.ts';
import { createProcessProvider, offersOf, type ProcessProvider } from '../adapters/local/process-provider.ts';
import { createLocalUploads } from '../adapters/local/upload-store.ts';
import { createAgentClient } from '../adapters/node/agent-client.ts';
import { serveHttp } from '../adapters/node/http-server.ts';
import { listTasks } from '../app/agent-tasks.ts';
import type { ConfigCache } from '../app/config-cache.ts';
import { createControlPlane } from '../app/control-plane.ts';
import { operatorRoutes } from '../app/http/operator.ts';
import { scalingStatus } from '../app/operate/scaling-status.ts';
import { createRegionView, type RegionView } from '../app/page/region-view.ts';
import { type ScalerDeps, scalerOptions } from '../app/scaler/deps.ts';
import { groupOfPool } from '../app/scaler/fleet.ts';
import { readPoolMemory } from '../app/scaler/memory.ts';
import { cheapestPrice, regionConfig } from '../app/scaler/region-config.ts';
import { createForecaster, forecast, update } from '../domain/forecast/forecaster.ts';
import type { BundleStore } from '../ports/bundle-store.ts';
import type { LaunchRequest, Offer } from '../ports/compute-provider.ts';
import type { VmTypeGroup } from '../ports/contracts/config.ts';
import type { LocalOffers } from '../ports/contracts/local-offers.ts';
import type { Geography } from '../ports/contracts/topology.ts';
import type { RegionsResponse, RunningTask } from '../ports/contracts/wire.ts';
import type { Log } from '../ports/log.ts';
import type { TicketSigner } from '../ports/tickets.ts';
import { type JavaTools, missingJava } from './java-tools.ts';
import type { LocalKeys } from './keys.ts';
import { startScalerTimer } from './scaler-timer.ts';
import { systemClock } from './system-clock.ts';

export interface RegionOptions {
  geography: Geography;
  host: string;
  /** 0 takes any free one. */
  port: number;
  slotMs: number;
  /** Boot times of the catalogue are divided by it. */
  speedUp: number;
  catalogue: LocalOffers;
  isolation: 'auto' | 'bubblewrap' | 'process';
  agentFile: string;
  workDir: string;
  dynamoDbEndpoint: string;
  bundles: BundleStore;
  /** Bundles on their way to being registered. */
  uploadDir: string;
  signer: TicketSigner;
  keys: LocalKeys;
  planFleet: ScalerDeps['planFleet'];
  regions: () => RegionsResponse;
  /** Answers the live page's paths at every endpoint. */
  page: { serves(url: string): boolean; fetch(request: Request): Response | Promise<Response> };
  javaTools: JavaTools;
  log: Log;
}

export interface LocalRegion {
  id: string;
  geography: string;
  endpoint: string;
  config: ConfigCache;
  view: RegionView;
  tasks(): Promise<{ tasks: RunningTask[]; silent: string[] }>;
  /** Kills the busiest machine that takes work; its id, null when there is none. */
  crashBusiest(): Promise<string | null>;
  /** Begins to rent machines. */
  startScaling(): void;
  stop(): Promise<void>;
}

/** Most often a look between slots is needed while heartbeats come every two seconds. */
const lookEveryMs = 2_000;
const flushEveryMs = 1_000;
/** Sandboxes of this many apps are prepared before a machine gets its first request. */
const prewarmedApps = 2;

export async function startRegion(options: RegionOptions): Promise<LocalRegion> {
  const { geography, keys, log, bundles, signer, page } = options;
  const regionId = geography.home;
  const client = createDynamoDbClient({ region: regionId, endpoint: options.dynamoDbEndpoint });
  const state = createDynamoDbStateStore(client, stateTableName(regionId));
  const offers = offersOf(options.catalogue, geography).map((o) => ({
    ...o,
    bootS: o.bootS / options.speedUp,
    ...(o.startS === undefined ? {} : { startS: o.startS / options.speedUp }),
  }));
  const agents = createAgentClient({ agentToken: keys.agent });
  const authenticate = createBearerAuth([
    { id: 'local-device', scope: 'device', token: keys.device },
    { id: 'local-admin', scope: 'admin', token: keys.admin },
    { id: 'local-agent', scope: 'agent', token: keys.agent },
  ]);
  const priceOf = (group: VmTypeGroup) => cheapestPrice(group, offers);
  let endpoint = '';
  const uploads = createLocalUploads({ folder: options.uploadDir, endpoint: () => endpoint, clock: systemClock });

  const control = createControlPlane({
    regionId,
    geography: geography.id,
    endpoint: () => endpoint,
    regions: options.regions,
    authenticate,
    configStore: createDynamoDbConfigStore(client),
    state,
    bundles,
    uploads,
    agents,
    signer,
    clock: systemClock,
    log,
    shard: `local-${process.pid}`,
    randomId: randomUUID,
    random: Math.random,
    groupPriceUsdPerHour: priceOf,
    slotMs: options.slotMs,
    missingRuntime: (runtime) => missingJava(options.javaTools, runtime),
    extraStatus: async () => ({
      scaling: await scalingStatus({
        scaler,
        geography: geography.id,
        configFaults,
      }),
    }),
  });

  const provider: ProcessProvider = createProcessProvider({
    offers,
    capacityOf: (offerId) => capacityOf(options.catalogue, offerId),
    agentFile: options.agentFile,
    workDir: options.workDir,
    clock: systemClock,
    environment: (vmId, request, workDir, boot) => ({
      // The catalogue's own time: the request carries what the scaler measured, which would add up boot by boot.
      OAAS_BOOT_DELAY_MS: String(Math.round(1000 * bootS(offers, request.offer.id, boot))),
      ...agentEnvironment(regionId, vmId, request),
      OAAS_WORK_DIR: join(workDir, 'work'),
      OAAS_ENDPOINT: endpoint,
      OAAS_AGENT_TOKEN: keys.agent,
      OAAS_STATE_TABLE: stateTableName(regionId),
      OAAS_DYNAMODB_ENDPOINT: options.dynamoDbEndpoint,
      OAAS_ISOLATION: options.isolation,
      ...(runsJava(regionId, control.config, request) ? options.javaTools.environment : {}),
      OAAS_PREWARM: (popular.get(request.poolId) ?? []).join(','),
    }),
  });

  const scaler: ScalerDeps = {
    region: regionId,
    owner: `local-${process.pid}-${randomUUID().slice(0, 8)}`,
    provider,
    state,
    config: () => regionConfig(control.config, priceOf),
    agents,
    forecasting: { createForecaster, update, forecast },
    planFleet: options.planFleet,
    clock: systemClock,
    newId: () => `i-${randomUUID()}`,
    log,
    options: scalerOptions(options.slotMs, { timeZone: geography.timeZone, lookEveryMs }),
  };
  const popular = new Map<string, string[]>();
  const learnPopular = async () => {
    for (const poolId of new Set((await provider.list()).vms.map((vm) => vm.poolId))) {
      const memory = await readPoolMemory(state, poolId, systemClock.nowMs());
      const byRuns = Object.entries(memory.demand.apps).sort(([, a], [, b]) => b.runs - a.runs);
      popular.set(
        poolId,
        byRuns.slice(0, prewarmedApps).map(([digest]) => digest),
      );
    }
  };

  const configFaults = () =>
    control.config.faults().map(({ kind, id, inForce, problems }) => ({
      kind: 'config-invalid',
      detail: `${kind} ${id} is invalid (${problems.map((p) => `${p.field}: ${p.message}`).join('; ')}); in force: ${inForce}`,
    }));
  const view = createRegionView({
    scaler,
    geography: geography.id,
    configFaults,
    placements: () => control.tally,
    priceAgeHours: () => null,
  });
  const crashBusiest = async (): Promise<string | null> => {
    const ready = (await state.listVms()).filter((vm) => vm.state === 'ready' && !vm.cordoned);
    const beats = await state.getHeartbeats(ready.map((vm) => vm.vmId));
    const load = (vmId: string) => beats.get(vmId)?.completed ?? 0;
    const [busiest] = ready.sort((a, b) => load(b.vmId) - load(a.vmId));
    return busiest !== undefined && provider.crash(busiest.vmId) ? busiest.vmId : null;
  };
  control.http.route('/', operatorRoutes({ authenticate, scaler }));
  control.http.route('/', uploads.routes);
  const closeClients = () => {
    agents.close();
    client.destroy();
  };
  const server = await serveHttp(
    (request, env) => (page.serves(request.url) ? page.fetch(request) : control.http.fetch(request, env)),
    {
      host: options.host,
      port: options.port,
    },
  ).catch((error: unknown) => {
    closeClients();
    throw error;
  });
  endpoint = `http://${options.host}:${server.port}`;
  const quiet = () => {};
  const flusher = setInterval(() => {
    control.flush().catch(quiet);
    learnPopular().catch(quiet);
  }, flushEveryMs);
  let timer: ReturnType<typeof startScalerTimer> | null = null;
  provider.onExit(() => timer?.nudge());

  return {
    id: regionId,
    geography: geography.id,
    endpoint,
    config: control.config,
    view,
    tasks: () => listTasks({ store: state, agents, clock: systemClock }),
    crashBusiest,
    startScaling() {
      timer ??= startScalerTimer(scaler);
    },
    async stop() {
      clearInterval(flusher);
      await timer?.stop();
      await provider.stop();
      await server.close();
      await control.flush().catch(quiet);
      closeClients();
    },
  };
}

function agentEnvironment(regionId: string, vmId: string, request: LaunchRequest): Record<string, string> {
  const { offer } = request;
  return {
    OAAS_VM_ID: vmId,
    OAAS_POOL_ID: request.poolId,
    OAAS_REGION: regionId,
    OAAS_CORES: String(offer.type.cores),
    OAAS_CORE_SPEED: String(offer.type.coreSpeed),
    OAAS_MEMORY_MIB: String(offer.type.memoryMiB),
    OAAS_SHARING_LIMIT: String(request.sharingLimit),
    OAAS_QUEUE_LIMIT: String(request.queueLimit),
    OAAS_EXACT: request.exact ? '1' : '0',
    OAAS_LISTEN: '127.0.0.1:0',
    OAAS_NETWORK_DELAY_MS: String(offer.networkMs),
    // Every device of a laptop has the same address.
    OAAS_STRANGERS_PER_SOURCE: '4096',
  };
}

function runsJava(regionId: string, config: ConfigCache, request: LaunchRequest): boolean {
  const group = config.get('group', groupOfPool(regionId, request.poolId)?.groupId ?? '');
  return group?.runtimes.some((runtime) => runtime !== 'node') ?? false;
}

function bootS(offers: readonly Offer[], offerId: string, boot: 'launch' | 'start'): number {
  const offer = offers.find((o) => o.id === offerId);
  return (boot === 'start' ? offer?.startS : undefined) ?? offer?.bootS ?? 0;
}

function capacityOf(catalogue: LocalOffers, offerId: string): number {
  const typeId = offerId.slice(0, offerId.indexOf('@'));
  return catalogue.types.find((type) => type.id === typeId)?.capacity ?? 0;
}
