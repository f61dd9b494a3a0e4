import { createBearerAuth } from '../../lib/adapters/local/bearer-auth.ts';
import { createLocalUploads } from '../../lib/adapters/local/upload-store.ts';
import { createMemoryTicketSigner } from '../../lib/adapters/node/ticket-signer.ts';
import { createControlPlane } from '../../lib/app/control-plane.ts';
import type { MissingRuntime } from '../../lib/app/place.ts';
import type { AgentClient } from '../../lib/ports/agent-client.ts';
import type { BundleStore } from '../../lib/ports/bundle-store.ts';
import { type App, appSchema, groupSchema, slaSchema } from '../../lib/ports/contracts/config.ts';
import type { StateStore } from '../../lib/ports/state-store.ts';
import type { Heartbeat, VmRecord } from '../../lib/ports/vm.ts';
import { createMemoryConfig } from './memory-config.ts';
import { createMemoryState, type Hook } from './memory-state.ts';
import { sampleHeartbeat, sampleVm } from './samples.ts';

export const keys = { device: 'device-key', admin: 'admin-key', agent: 'agent-key' } as const;

export const sampleApp = (overrides: Partial<App['manifest']> = {}): App =>
  appSchema.parse({
    id: overrides.id ?? 'demo',
    digest: 'a'.repeat(64),
    bundleBytes: 1,
    manifest: {
      id: 'demo',
      version: '1.0.0',
      runtime: 'node',
      entry: 'main.js',
      methods: { run: { demandS: 0.1 }, again: { demandS: 0.1, idempotent: true } },
      ...overrides,
    },
  });

export interface TestRegionOptions {
  group?: Record<string, unknown>;
  app?: Partial<App['manifest']>;
  agents?: Partial<AgentClient>;
  /** Mounts the route that takes uploads into this folder. */
  uploadDir?: string;
  /** Where it is served, once it is. */
  endpoint?: () => string;
  /** Called before every operation on the state store; throws to inject a failure. */
  hook?: Hook;
  missingRuntime?: MissingRuntime;
  slotMs?: number;
}

/** A region's control plane over stores in memory and a clock set by hand; VMs are rows that the test writes. */
export async function createTestRegion(options: TestRegionOptions = {}) {
  let nowMs = 1_000_000_000_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const memory = createMemoryState();
  const state: StateStore = options.hook === undefined ? memory : memory.view(options.hook);
  const configStore = createMemoryConfig();
  const bundleFiles = new Map<string, Uint8Array>();
  const bundles: BundleStore = {
    async put(digest, bytes) {
      bundleFiles.set(digest, bytes);
    },
    get: async (digest) => bundleFiles.get(digest) ?? null,
    has: async (digest) => bundleFiles.has(digest),
  };
  const uploads = createLocalUploads({
    folder: options.uploadDir ?? '/nowhere',
    endpoint: options.endpoint ?? (() => 'http://127.0.0.1:1'),
    clock,
  });
  const errors: string[] = [];
  const unused = (): never => {
    throw new Error('no agent in this test');
  };
  const agents: AgentClient = { run: unused, listTasks: unused, killTask: unused, drain: unused, ...options.agents };
  await configStore.put('sla', 'default', slaSchema.parse({ id: 'default', targetMs: 500 }), { nowMs });
  await configStore.put(
    'group',
    'small',
    groupSchema.parse({ id: 'small', runtimes: ['node'], memoryMiB: 1024, vcpus: 2, ...options.group }),
    { nowMs },
  );
  const app = sampleApp(options.app);
  bundleFiles.set(app.digest, new Uint8Array([1]));
  await configStore.put('app', app.id, app, { nowMs });
  const signer = createMemoryTicketSigner(nowMs);
  let ids = 0;
  let seed = 1;
  const control = createControlPlane({
    regionId: 'r1',
    geography: 'test',
    endpoint: () => 'http://127.0.0.1:1',
    regions: () => ({ regions: [{ id: 'r1', geography: 'test', endpoint: 'http://127.0.0.1:1' }] }),
    authenticate: createBearerAuth([
      { id: 'd1', scope: 'device', token: keys.device },
      { id: 'a1', scope: 'admin', token: keys.admin },
      { id: 'v1', scope: 'agent', token: keys.agent },
    ]),
    configStore,
    state,
    bundles,
    uploads,
    agents,
    signer,
    clock,
    log: { info() {}, warn() {}, error: (message, fields) => errors.push(`${message} ${JSON.stringify(fields)}`) },
    shard: 's1',
    ...(options.slotMs === undefined ? {} : { slotMs: options.slotMs }),
    ...(options.missingRuntime === undefined ? {} : { missingRuntime: options.missingRuntime }),
    randomId: () => `t-${++ids}`,
    random: () => {
      seed = (seed * 48271) % 2147483647;
      return seed / 2147483647;
    },
  });
  if (options.uploadDir !== undefined) control.http.route('/', uploads.routes);
  const call = async (
    method: string,
    path: string,
    input: { key?: keyof typeof keys | null; json?: unknown; body?: BodyInit; headers?: Record<string, string> } = {},
  ) => {
    const key = input.key === undefined ? 'device' : input.key;
    const body = input.json === undefined ? input.body : JSON.stringify(input.json);
    const response = await control.http.request(path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${keys[key]}` }),
        ...(input.json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {}),
        ...input.headers,
      },
      ...(body === undefined ? {} : { body, duplex: 'half' }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) };
  };
  return {
    control,
    configStore,
    memory,
    signer,
    errors,
    call,
    now: () => nowMs,
    advance(ms: number) {
      nowMs += ms;
    },
    async addVm(vm: Partial<VmRecord> = {}, heartbeat: Partial<Heartbeat> = {}) {
      const record = sampleVm({ poolId: 'r1.small.default', ...vm });
      await memory.putVm(record);
      await memory.putHeartbeat(sampleHeartbeat({ vmId: record.vmId, atMs: nowMs, ...heartbeat }));
      return record;
    },
  };
}

/** Answers are JSON objects of every shape; assertions look into them with toMatchObject. */
function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}
