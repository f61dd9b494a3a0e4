import { type RegionConfig, type ScalerDeps, type ScalerOptions, scalerOptions } from '../../lib/app/scaler/deps.ts';
import { createForecaster, forecast, update } from '../../lib/domain/forecast/forecaster.ts';
import { plan } from '../../lib/domain/planner/plan.ts';
import type { Offer } from '../../lib/ports/compute-provider.ts';
import { type App, appSchema, groupSchema, type Sla, slaSchema } from '../../lib/ports/contracts/config.ts';
import type { Heartbeat } from '../../lib/ports/vm.ts';
import { createFakeProvider, type FakeProvider } from './fake-provider.ts';
import { createMemoryState, type Hook } from './memory-state.ts';

export const region = 'r1';
export const poolId = 'r1.small.default';

export function offerOf(id: string, overrides: Partial<Offer> = {}): Offer {
  return {
    id: `${id}@dc1/on-demand`,
    type: { id, cores: 1, coreSpeed: 1, memoryMiB: 2048 },
    dataCentre: 'dc1',
    purchaseOption: 'on-demand',
    priceUsdPerHour: 0.1,
    networkMs: 0,
    bootS: 1,
    ...overrides,
  };
}

export interface WorldOptions {
  offers?: Offer[];
  sla?: Partial<Sla>;
  group?: Record<string, unknown>;
  options?: Partial<ScalerOptions>;
  provider?: { warm?: boolean; standIns?: boolean };
}

/** One region with a fake cloud, a store in memory, a clock set by hand and agents that boot and drain when told. */
export function createWorld(world: WorldOptions = {}) {
  let nowMs = 1_000_000_000_000;
  let ids = 0;
  const state = createMemoryState();
  const offers = world.offers ?? [offerOf('a'), offerOf('b', { priceUsdPerHour: 0.12 })];
  const provider: FakeProvider = createFakeProvider(offers, () => nowMs, world.provider);
  const drained: string[] = [];
  const sla = slaSchema.parse({ id: 'default', targetMs: 300, ...world.sla });
  const group = groupSchema.parse({
    id: 'small',
    runtimes: ['node'],
    memoryMiB: 1024,
    vcpus: 4,
    dispatch: { mode: 'exact' },
    ...world.group,
  });
  const app: App = appSchema.parse({
    id: 'demo',
    digest: 'a'.repeat(64),
    bundleBytes: 1,
    manifest: { id: 'demo', version: '1.0.0', runtime: 'node', entry: 'm.js', methods: { run: { demandS: 0.07 } } },
  });
  const slas = new Map([[sla.id, sla]]);
  const groups = new Map([[group.id, group]]);
  const config: RegionConfig = {
    slas,
    apps: new Map([[app.id, app]]),
    groups,
    groupOf: () => group.id,
  };
  const idle: Hook = () => {};
  const deps = (owner: string, hook: Hook = idle): ScalerDeps => ({
    region,
    owner,
    provider: provider.view(hook),
    state: state.view(hook),
    config: async () => config,
    agents: {
      async drain({ vmId }) {
        await hook('drain');
        drained.push(vmId);
      },
    },
    forecasting: { createForecaster, update, forecast },
    planFleet: plan,
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    newId: () => `i-${owner}-${ids++}`,
    log: { info() {}, warn() {}, error() {} },
    options: scalerOptions(20_000, { confirmMs: 1_000, orphanAgeMs: 300_000, ...world.options }),
  });
  const beat = (vmId: string, overrides: Partial<Heartbeat> = {}): void => {
    const last = state.heartbeats.get(vmId);
    state.heartbeats.set(vmId, {
      vmId,
      bootNonce: `n-${vmId}`,
      url: 'https://127.0.0.1:1',
      certPem: '',
      certSha256: '',
      atMs: nowMs,
      sequence: (last?.sequence ?? 0) + 1,
      state: drained.includes(vmId) ? 'drained' : 'ready',
      running: 0,
      waiting: 0,
      claimedByBucket: {},
      completed: 0,
      refused: 0,
      handedOff: 0,
      demandByApp: {},
      bootMs: 500,
      isolation: 'process',
      ...overrides,
    });
  };
  return {
    state,
    provider,
    deps,
    drained,
    config,
    /** As an operator would. */
    setGroup: (change: Partial<typeof group>) =>
      void groups.set(group.id, { ...group, ...groups.get(group.id), ...change }),
    /** Another agreement in place of the pool's own, which is then nobody's. */
    replaceSla: (id: string) => {
      slas.clear();
      slas.set(id, { ...sla, id });
    },
    beat,
    nowMs: () => nowMs,
    advance: (ms: number) => {
      nowMs += ms;
    },
    /** Every live machine reports. */
    beatAll: () => {
      for (const vm of provider.live()) beat(vm.vmId);
    },
    arrive: (count: number, refused = 0) => {
      const minuteStartMs = Math.floor(nowMs / 60_000) * 60_000;
      state.arrivals.push({ poolId, minuteStartMs, count, refused, responseCount: 0, responseSumMs: 0 });
    },
    liveRows: () => [...state.vms.values()].filter((vm) => vm.state !== 'terminated'),
  };
}
export type World = ReturnType<typeof createWorld>;
