/**
 * A fixed fleet of real agents and a region that signs session tickets for them: the request path without the scaler, so
 * that both sides of a comparison have exactly the same VMs.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryTicketSigner } from '../../lib/adapters/node/ticket-signer.ts';
import type { ChoiceVm } from '../../lib/domain/dispatch/choose-vm.ts';
import { type SessionCredit, sessionCandidates } from '../../lib/domain/dispatch/session-candidates.ts';
import { buildAgent } from '../../lib/local/build-agent.ts';
import type { AgentEnvName, AgentMessage } from '../../lib/ports/contracts/agent-env.ts';
import type { TicketClaims } from '../../lib/ports/contracts/ticket.ts';
import { type Placed, paths } from '../../lib/ports/contracts/wire.ts';
import type { UniformStream } from '../../lib/simulator/engine/rng.ts';
import { benchBundle } from './app.ts';

export type BenchVm = Extract<AgentMessage, { type: 'ready' }>;

export interface Fleet {
  endpoint: string;
  deviceKey: string;
  digest: string;
  vms: BenchVm[];
  stop(): Promise<void>;
}

export interface FleetOptions {
  count: number;
  env: Partial<Record<AgentEnvName, string>>;
  /** A VM holding this many tasks hands on. */
  threshold: number;
  random: UniformStream;
}

const deviceKey = 'bench-device-key';

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const dir = await mkdtemp(join(tmpdir(), 'oaas-bench-'));
  const children: ChildProcess[] = [];
  const vms: BenchVm[] = [];
  const { bytes, digest } = benchBundle();
  const region = await startRegion(vms, bytes, digest, options);
  const stop = async () => {
    await Promise.all(children.map(endChild));
    region.server.closeAllConnections();
    await new Promise<void>((resolve) => region.server.close(() => resolve()));
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const agentFile = join(dir, 'agent.mjs');
    await buildAgent(agentFile);
    for (let i = 1; i <= options.count; i += 1) {
      const child = spawn(process.execPath, [agentFile], {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        env: {
          PATH: process.env.PATH,
          OAAS_VM_ID: `vm-${i}`,
          OAAS_POOL_ID: 'bench.bench.default',
          OAAS_REGION: 'bench',
          OAAS_WORK_DIR: join(dir, `vm-${i}`),
          OAAS_ENDPOINT: region.endpoint,
          OAAS_AGENT_TOKEN: 'bench-agent-token',
          OAAS_PREWARM: digest,
          OAAS_OPEN: '1',
          ...options.env,
        },
      });
      children.push(child);
      vms.push(await ready(child));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint: region.endpoint, deviceKey, digest, vms, stop };
}

function ready(child: ChildProcess): Promise<BenchVm> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`an agent ended at start with code ${code}`)));
    child.once('message', (message: AgentMessage) => {
      if (message.type === 'ready') resolve(message);
      else reject(new Error(message.problems.join('; ')));
    });
  });
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}

/** All VMs are the same and none is full: who comes first is a matter of turns, as in a region. */
const alike: ChoiceVm = {
  networkS: 0,
  coreRatePerS: 1,
  parallelism: 1,
  serviceRatePerS: 1,
  present: 0,
  admissionLimit: 1,
};

async function startRegion(vms: readonly BenchVm[], bundle: Uint8Array, digest: string, options: FleetOptions) {
  const signer = createMemoryTicketSigner(Date.now());
  const credit: SessionCredit = new Map();
  const ids = () => vms.map((vm) => vm.vmId);
  const choices = () => vms.map(() => ({ ...alike }));

  async function place(): Promise<Placed> {
    const chosen = sessionCandidates(choices(), ids(), vms.length, credit, () => options.random.next());
    const order = chosen.map((i) => vms[i]!);
    const nowS = Date.now() / 1_000;
    const lifetimeS = 600;
    const claims: TicketClaims = {
      iss: 'bench',
      sub: 'bench-device',
      aud: order.map((vm) => vm.vmId),
      jti: randomUUID(),
      iat: nowS,
      exp: nowS + lifetimeS,
      mode: 'session',
      pool: 'bench.bench.default',
      app: { id: 'bench', digest },
      vms: order.map(({ vmId, bootNonce, url, certSha256 }) => ({ id: vmId, nonce: bootNonce, url, certSha256 })),
      threshold: options.threshold,
    };
    return {
      decision: 'remote',
      ticket: await signer.sign(claims),
      mode: 'session',
      expiresInMs: lifetimeS * 1_000,
      candidates: order.map(({ vmId, url, certPem }) => ({ vmId, url, certPem, networkMs: 0 })),
      poolId: 'bench.bench.default',
      groupId: 'bench',
      slaId: 'default',
      appDigest: digest,
      groupRoute: paths.groupPlacements('bench'),
      predictedMs: null,
      placementMs: 0,
    };
  }

  const server = http.createServer(async (request, response) => {
    const json = (body: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    request.resume();
    switch (request.url) {
      case paths.ping:
        return json({ region: 'bench' });
      case paths.keys:
        return json({ keys: await signer.publicKeys() });
      case paths.bundle(digest):
        return response.end(bundle);
      case paths.placements:
      case paths.groupPlacements('bench'):
        return json(await place());
      default:
        return response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
