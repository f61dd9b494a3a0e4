import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentConfig } from '../lib/ports/contracts/agent-env.ts';
import type { RuntimeId } from '../lib/ports/contracts/config.ts';
import type { Log } from '../lib/ports/log.ts';
import type { HeartbeatStore } from '../lib/ports/state-store.ts';
import type { Heartbeat } from '../lib/ports/vm.ts';
import { CpuAccounting } from './accounting.ts';
import { Admission } from './admission.ts';
import { BundleCache, type BundleSource } from './bundles.ts';
import { createIdentity, type Identity } from './certificate.ts';
import { HeartbeatReporter } from './heartbeat.ts';
import { Strangers } from './http/strangers.ts';
import { chooseIsolation, firstUid } from './isolation/choose.ts';
import { chooseHold, speedOf } from './isolation/choose-hold.ts';
import { Dismantler } from './isolation/dismantler.ts';
import { SandboxPool } from './isolation/pool.ts';
import { goFirst } from './isolation/priority.ts';
import { processIdentity } from './isolation/proc.ts';
import type { Sandbox } from './isolation/sandbox.ts';
import { sandboxMarker, sweepLeftovers } from './isolation/sweep.ts';
import { createToolRunner } from './isolation/tool.ts';
import type { RuntimeCommand } from './isolation/types.ts';
import { findRuntimes } from './runtimes/find-runtimes.ts';
import { nodeRuntime } from './runtimes/node/node-runtime.ts';
import type { Runtimes } from './runtimes/runtime.ts';
import { startServer } from './server.ts';
import { specOf } from './tasks/execute.ts';
import { PinnedPeers } from './tasks/pinned-peers.ts';
import { TaskRoute } from './tasks/task-route.ts';
import { TaskTable } from './tasks/task-table.ts';
import { claimTicket } from './tickets/claim-ticket.ts';
import { type KeySource, TicketVerifier } from './tickets/verifier.ts';

export interface AgentDependencies {
  heartbeats: HeartbeatStore;
  keys: KeySource;
  bundles: BundleSource;
  /** Compiled `runtimes/node/runner.ts`. */
  runnerFile: string;
  log: Log;
  nowMs: () => number;
}

export interface Agent {
  url: string;
  identity: Identity;
  bootNonce: string;
  isolation: 'bubblewrap' | 'process';
  /** One line each: what shuts tasks in, what holds them to the VM's cores. */
  notes: string[];
  /** What serves each runtime, or why nothing does. */
  runtimes: Record<RuntimeId, string>;
  drain(): void;
  /**
   * Kills every task and sandbox, closes the server, removes what was left on disk and in control groups. Drained, it first refuses
   * the requests that are on their way to it.
   */
  close(): Promise<void>;
}

/** A request that was sent while the drained agent still listened arrives within this; more than a way round the world. */
const lateRequestsMs = 500;

/**
 * Boots one agent: sweep leftovers ──► isolation ──► certificate ──► listen ──► prewarm ──► `ready` (heartbeat) ──► draining ──► drained.
 *
 * @returns the agent, or the reason why it refuses to serve.
 */
export async function startAgent(
  config: AgentConfig,
  deps: AgentDependencies,
): Promise<{ ok: true; agent: Agent } | { ok: false; reason: string }> {
  const bootedMs = performance.now();
  goFirst();
  mkdirSync(join(config.workDir, 'tmp'), { recursive: true, mode: 0o755 });
  sweepLeftovers(deps.log);
  const node = nodeRuntime(deps.runnerFile);
  const { strict, workDir } = config;
  const chosen = chooseIsolation({ wanted: config.isolation, strict, workDir, runtime: node.command });
  if (!chosen.ok) return chosen;
  const { isolation } = chosen;
  const held = chooseHold(config);
  if (!held.ok) return held;
  const { hold } = held;

  const accounting = new CpuAccounting();
  const taskCpuMs = new WeakMap<Sandbox, number>();
  const surroundings = {
    isolation,
    hold,
    coreSpeed: speedOf(config),
    firstUid: firstUid(),
    marker: sandboxMarker(processIdentity(process.pid)),
  };
  const look = () => findRuntimes({ config, node, isolation, runTool: createToolRunner(surroundings), log: deps.log });
  const runtimes: { -readonly [id in RuntimeId]: Runtimes[id] } = { ...look() };
  // In local mode the Java parts may still be being built when a machine starts: it serves them once they are there.
  const lookAgain = () => {
    if (!('unserved' in runtimes.jvm) || !existsSync(join(config.javaTools, 'runner.jar'))) return;
    Object.assign(runtimes, look());
    deps.log.info('runtimes found later', { runtimes: said(runtimes) });
  };
  const looking = setInterval(lookAgain, 2_000).unref();
  const pool = new SandboxPool({
    ...surroundings,
    commandOf: (id) => commandOf(runtimes[id]),
    maxOutputBytes: config.maxOutputBytes,
    minWaiting: config.waiting,
    maxWaiting: config.sharingLimit,
    cores: config.cores,
    running: () => admission.running,
    onGone: (sandbox) => accounting.gone(sandbox.spec.digest, taskCpuMs.get(sandbox) ?? 0, sandbox.prepCpuMs),
  });
  const bundles = new BundleCache({ directory: join(config.workDir, 'apps'), source: deps.bundles, runtimes });
  const tasks = new TaskTable(config.vmId);
  const identity = createIdentity(config.vmId, deps.nowMs());
  const bootNonce = randomBytes(12).toString('base64url');
  let state: Heartbeat['state'] = 'starting';

  const admission = new Admission({
    sharingLimit: config.sharingLimit,
    queueLimit: config.queueLimit,
    onChange: () => {
      if (!settled()) reporter.changed();
    },
  });
  const peers = new PinnedPeers();
  const strangers = new Strangers({ perSource: config.strangersPerSource, patienceMs: config.strangerMs });
  const verifier = new TicketVerifier({
    vmId: config.vmId,
    bootNonce,
    keys: deps.keys,
    nowMs: deps.nowMs,
    claim: (first, ticket) => claimTicket(peers, first, ticket),
  });
  const taskRoute = new TaskRoute({
    config,
    verifier,
    peers,
    admission,
    bundles,
    pool,
    dismantler: new Dismantler({ sharingLimit: config.sharingLimit, running: () => admission.running }),
    tasks,
    strangers,
    accounting,
    taskCpuMs,
    nowMs: deps.nowMs,
  });
  // Drained means that ending this process loses nothing: no task, and no answer that is still being relayed or sent.
  const settled = (): boolean => {
    if (state !== 'draining' || admission.occupancy > 0 || taskRoute.open > 0) return false;
    state = 'drained';
    void reporter.report();
    return true;
  };
  taskRoute.onAnswered = settled;
  const drain = () => {
    if (state === 'drained') return;
    taskRoute.draining = true;
    state = 'draining';
    if (!settled()) void reporter.report();
  };
  const server = await startServer({
    config,
    identity,
    taskRoute,
    tasks,
    strangers,
    isAdmin: (token) => verifier.isAdmin(token),
    drain,
    ping: () => ({ vmId: config.vmId, state, running: admission.running, waiting: admission.waiting }),
  });
  let bootMs = 0;
  let readyAtMs = 0;
  const reporter = new HeartbeatReporter({
    store: deps.heartbeats,
    eager: config.exact,
    log: deps.log,
    read: () => ({
      vmId: config.vmId,
      bootNonce,
      url: server.url,
      certPem: identity.certPem,
      certSha256: identity.certSha256,
      atMs: deps.nowMs(),
      state,
      running: admission.running,
      waiting: admission.waiting,
      claimedByBucket: taskRoute.claimedByBucket(),
      completed: taskRoute.completed,
      responseSumMs: taskRoute.responseSumMs,
      responseBuckets: taskRoute.responseBuckets,
      refused: taskRoute.refused,
      handedOff: taskRoute.handedOff,
      demandByApp: accounting.demandByApp,
      bootMs,
      readyAtMs,
      isolation: isolation.name,
      runtimes: engines(runtimes),
    }),
  });
  await Promise.all([
    prewarm(config.prewarm, bundles, pool, deps.log),
    sleep(Math.max(0, config.bootDelayMs - (performance.now() - bootedMs))),
  ]);
  if (state === 'starting') state = 'ready';
  bootMs = Math.round(performance.now() - bootedMs);
  readyAtMs = deps.nowMs();
  await reporter.start();

  return {
    ok: true,
    agent: {
      url: server.url,
      identity,
      bootNonce,
      isolation: isolation.name,
      notes: [isolation.description, hold.description],
      runtimes: said(runtimes),
      drain,
      close: async () => {
        clearInterval(looking);
        reporter.stop();
        taskRoute.draining = true;
        await server.close(state === 'drained' ? lateRequestsMs : 0);
        await pool.close();
        await hold.close();
        peers.close();
      },
    },
  };
}

/** What serves each runtime, for the heartbeat; null: nothing here does. */
const engines = (runtimes: Runtimes): Record<RuntimeId, string | null> => {
  const of = (runtime: Runtimes[RuntimeId]) => ('unserved' in runtime ? null : runtime.engine);
  return { node: of(runtimes.node), jvm: of(runtimes.jvm), art: of(runtimes.art) };
};

const said = (runtimes: Runtimes): Record<RuntimeId, string> => {
  const of = (runtime: Runtimes[RuntimeId]) =>
    'unserved' in runtime ? `not served: ${runtime.unserved}` : runtime.engine;
  return { node: of(runtimes.node), jvm: of(runtimes.jvm), art: of(runtimes.art) };
};

/** @throws Error for a runtime that is not served: its bundles are not installed, so nothing asks for it. */
function commandOf(runtime: Runtimes[RuntimeId]): RuntimeCommand {
  if ('unserved' in runtime) throw new Error(`the runtime ${runtime.id} is not served: ${runtime.unserved}`);
  return runtime.command;
}

async function prewarm(digests: readonly string[], bundles: BundleCache, pool: SandboxPool, log: Log): Promise<void> {
  for (const digest of digests) {
    try {
      pool.prewarm(specOf(await bundles.get(digest)));
    } catch (error) {
      log.warn('app not prepared ahead', { digest, error: (error as Error).message });
    }
  }
}
