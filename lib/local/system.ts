/*
 * OaaS complete on one machine: embedded DynamoDB (a child process), one region per geography in this process, agents as processes.
 *
 * Start: folder and lock → database → tables → configuration at first start → endpoints → system.json → scalers. Whatever fails on the
 * way, everything that had been started is stopped again. Stop goes the other way round. Children end by themselves when this process
 * is killed: their IPC channel closes.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createDynamoDbClient } from '../adapters/aws/dynamodb-client.ts';
import { createDynamoDbConfigStore } from '../adapters/aws/dynamodb-config-store.ts';
import { createTables } from '../adapters/aws/dynamodb-tables.ts';
import { configTableName, stateTableName } from '../adapters/aws/keys.ts';
import { sweepAgents } from '../adapters/local/agent-sweep.ts';
import { createFileBundleStore } from '../adapters/local/file-bundle-store.ts';
import { openTicketSigner, ticketKeyFile } from '../adapters/local/ticket-keys.ts';
import { createMemoryTicketSigner } from '../adapters/node/ticket-signer.ts';
import { CliError } from '../cli/errors.ts';
import type { LocalOffers } from '../ports/contracts/local-offers.ts';
import type { SystemFile } from '../ports/contracts/system-file.ts';
import type { Geography } from '../ports/contracts/topology.ts';
import { buildAgentFile, buildEntry } from './build-entry.ts';
import { openDataDir } from './data-dir.ts';
import { startDynaliteChild } from './dynalite-child.ts';
import { createFileLog } from './file-log.ts';
import { firstStart } from './first-start.ts';
import { createJavaTools } from './java-tools.ts';
import { localKeys } from './keys.ts';
import { createLocalPage, pageUrl } from './page.ts';
import { createPlanThread } from './plan-thread.ts';
import { type LocalRegion, startRegion } from './region.ts';
import { systemClock } from './system-clock.ts';

export interface SystemOptions {
  dataDir: string;
  memory: boolean;
  geographies: readonly Geography[];
  catalogue: LocalOffers;
  host: string;
  /** Of the first region; the others follow. 0 takes free ones. */
  port: number;
  slotMs: number;
  speedUp: number;
  isolation: 'auto' | 'bubblewrap' | 'process';
  /** Called with every log line; null: only the file. */
  echo: ((line: string) => void) | null;
}

export interface LocalSystem {
  file: SystemFile;
  dataDir: string;
  logFile: string;
  regions: readonly LocalRegion[];
  /** One line: why apps of the runtimes jvm and art cannot run here; null: they can. */
  javaMissing: string | null;
  /** Resolves with the reason when a part without which nothing works ended by itself. */
  broken: Promise<string>;
  stop(): Promise<void>;
}

export async function startSystem(options: SystemOptions): Promise<LocalSystem> {
  // The database client warns about Node 20 although it works with it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step().catch(() => {});
  };
  try {
    return await start(options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  options: SystemOptions,
  undo: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<LocalSystem> {
  const data = await openDataDir(options.dataDir, options.memory);
  undo.push(() => data.close());
  const logFile = join(data.path, 'oaas.log');
  const log = createFileLog(logFile, systemClock.nowMs, options.echo);
  undo.push(async () => {
    await log.close();
    if (options.memory) await rm(logFile, { force: true });
  });
  const [agentFile, plannerFile, database] = await Promise.all([
    buildAgentFile(),
    buildEntry('plan-worker', 'lib/local/plan-worker.ts'),
    startDynaliteChild(data.persistent),
  ]);
  const planner = createPlanThread(plannerFile);
  undo.push(() => planner.close());
  let stopping = false;
  undo.push(async () => {
    stopping = true;
    await database.stop();
  });
  await sweepAgents(data.workDir, agentFile);

  const regionIds = options.geographies.map((geography) => geography.home);
  const client = createDynamoDbClient({ region: regionIds[0] ?? 'local', endpoint: database.endpoint });
  undo.push(async () => client.destroy());
  await createTables(client, [configTableName, ...regionIds.map(stateTableName)]);

  const bundleFolder = join(data.path, 'bundles');
  const bundles = createFileBundleStore(bundleFolder);
  const uploadDir = join(data.path, 'uploads');
  undo.push(() => rm(uploadDir, { recursive: true, force: true }));
  if (options.memory) undo.push(() => rm(bundleFolder, { recursive: true, force: true }));

  const keys = await localKeys(data.persistent);
  const javaTools = await createJavaTools();
  const regions: LocalRegion[] = [];
  const page = createLocalPage({ regions: () => regions, keys, host: options.host, log });
  const listed = () => ({ regions: regions.map(({ id, geography, endpoint }) => ({ id, geography, endpoint })) });
  for (const [i, geography] of options.geographies.entries()) {
    const signerFile = join(data.path, ticketKeyFile(geography.home));
    const { nowMs } = systemClock;
    const region = await startRegion({
      geography,
      host: options.host,
      port: options.port === 0 ? 0 : options.port + i,
      slotMs: options.slotMs,
      speedUp: options.speedUp,
      catalogue: options.catalogue,
      isolation: options.isolation,
      agentFile,
      workDir: data.workDir,
      dynamoDbEndpoint: database.endpoint,
      bundles,
      uploadDir,
      signer: data.persistent === null ? createMemoryTicketSigner(nowMs()) : await openTicketSigner(signerFile, nowMs),
      keys,
      planFleet: planner.plan,
      regions: listed,
      page,
      javaTools,
      log,
    }).catch((error: unknown) => {
      throw portError(error, options.port + i);
    });
    regions.push(region);
    undo.push(() => region.stop());
  }
  undo.push(() => page.stop());
  const config = regions[0]?.config;
  if (config === undefined) throw new CliError('no region to start; see --regions and --topology', 2);
  await firstStart({ store: createDynamoDbConfigStore(client), bundles, config, clock: systemClock, log });
  const javaMissing = javaTools.missing;
  if (javaMissing !== null) log.info('runtimes jvm and art are not served', { reason: javaMissing });
  // Apps that were registered before need it at once; on other machines nothing is built before somebody asks.
  else if (config.list('app').some((app) => app.manifest.runtime !== 'node')) {
    void javaTools.ensure().then((problem) => {
      if (problem !== null) log.warn('the Java parts could not be built', { problem });
    });
  }
  const file: SystemFile = {
    version: 1,
    pid: process.pid,
    startedAtMs: systemClock.nowMs(),
    regions: listed().regions,
    page: pageUrl(regions[0]!.endpoint, keys),
    keys: { device: keys.device, admin: keys.admin },
  };
  data.announce(file);
  for (const region of regions) region.startScaling();
  const broken = database.exited.then((how) =>
    stopping ? new Promise<string>(() => {}) : `the embedded DynamoDB ended by itself (${how})`,
  );
  return { file, dataDir: data.path, logFile, regions, javaMissing, broken, stop };
}

function portError(error: unknown, port: number): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') {
    return new CliError(`port ${port} is taken by another program; choose other ports with --port N`, 2, {
      cause: error,
    });
  }
  if (code === 'EACCES') {
    return new CliError(`port ${port} may not be used by this user; choose one above 1023 with --port N`, 2, {
      cause: error,
    });
  }
  return error;
}
