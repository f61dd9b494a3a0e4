import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createDynamoDbClient } from '../lib/adapters/aws/dynamodb-client.ts';
import { createDynamoDbStateStore } from '../lib/adapters/aws/dynamodb-state-store.ts';
import { createS3BundleSource } from '../lib/adapters/aws/s3-bundles.ts';
import { type AgentConfig, type AgentMessage, parseAgentEnv } from '../lib/ports/contracts/agent-env.ts';
import type { Log } from '../lib/ports/log.ts';
import type { HeartbeatStore } from '../lib/ports/state-store.ts';
import { type BundleSource, regionBundles } from './bundles.ts';
import { startAgent } from './start.ts';
import { RegionKeys } from './tickets/region-keys.ts';

/** Source of the node runtime's runner, put in by the build so that the agent is one file. */
declare const OAAS_RUNNER_SOURCE: string;

/**
 * Entry of a surrogate: one process per VM. Configured by the environment (lib/ports/contracts/agent-env.ts); tells its parent by IPC when
 * it is ready, and ends with it. SIGTERM ends it in order; after kill -9 its sandboxes die by themselves.
 */
const log: Log = {
  info: (message, fields) => write('info', message, fields),
  warn: (message, fields) => write('warn', message, fields),
  error: (message, fields) => write('error', message, fields),
};

function write(level: string, message: string, fields: Record<string, unknown> = {}): void {
  process.stderr.write(`${JSON.stringify({ level, message, vm: process.env.OAAS_VM_ID, ...fields })}\n`);
}

function tell(message: AgentMessage): void {
  if (process.connected) process.send?.(message);
}

function giveUp(problems: string[]): void {
  for (const problem of problems) log.error(problem);
  tell({ type: 'failed', problems });
  process.exitCode = 2;
  if (process.connected) process.disconnect();
}

/** The region's table and bundles, with the machine's own credentials on EC2, the region's token elsewhere. */
function regionParts(config: AgentConfig): { heartbeats: HeartbeatStore; bundles: BundleSource } {
  const { endpoint, region, principal, bundleBucket: bucket, stateTable } = config;
  const client = createDynamoDbClient({ region, endpoint: config.dynamoDbEndpoint });
  const heartbeats: HeartbeatStore =
    stateTable === undefined
      ? { putHeartbeat: async () => {}, getHeartbeats: async () => new Map(), removeHeartbeat: async () => {} }
      : createDynamoDbStateStore(client, stateTable, {
          ...(principal === undefined ? {} : { principalOf: () => principal }),
        });
  if (bucket !== undefined) {
    const place = { bucket, region, endpoint: config.s3Endpoint };
    return { heartbeats, bundles: createS3BundleSource(place, client.config.credentials) };
  }
  return {
    heartbeats,
    bundles: endpoint === undefined ? async () => null : regionBundles(endpoint, config.agentToken),
  };
}

async function main(): Promise<void> {
  const parsed = parseAgentEnv(process.env);
  if (!parsed.ok) {
    giveUp(parsed.problems);
    return;
  }
  const { config } = parsed;
  // A parent that is gone needs no surrogate; attached first, so that it holds during boot too.
  if (process.connected) process.once('disconnect', () => process.exit(0));
  await mkdir(config.workDir, { recursive: true });
  const runnerFile = join(config.workDir, 'runner.cjs');
  writeFileSync(runnerFile, OAAS_RUNNER_SOURCE, { mode: 0o644 });
  const endpoint = config.endpoint;
  const started = await startAgent(config, {
    ...regionParts(config),
    keys: endpoint === undefined ? { get: () => null } : new RegionKeys(endpoint),
    runnerFile,
    log,
    nowMs: Date.now,
  });
  if (!started.ok) {
    giveUp([started.reason]);
    return;
  }
  const { agent } = started;
  let closing = false;
  const close = () => {
    if (closing) return;
    closing = true;
    void agent.close().finally(() => process.exit(0));
  };
  process.once('SIGTERM', close);
  process.once('SIGINT', close);
  process.removeAllListeners('disconnect');
  process.once('disconnect', close);
  log.info('ready', { url: agent.url, isolation: agent.notes[0], cpu: agent.notes[1], runtimes: agent.runtimes });
  tell({
    type: 'ready',
    vmId: config.vmId,
    url: agent.url,
    certPem: agent.identity.certPem,
    certSha256: agent.identity.certSha256,
    bootNonce: agent.bootNonce,
    isolation: agent.isolation,
    cpuHold: agent.notes[1] ?? '',
  });
}

void main();
