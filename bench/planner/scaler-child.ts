import { planPool } from '../../lib/app/scaler/apply.ts';
import { Fleet } from '../../lib/app/scaler/fleet.ts';
import { poolsOf } from '../../lib/app/scaler/pools.ts';
import { plan } from '../../lib/domain/planner/plan.ts';
import { catalogueBook, rentedOffers } from '../../lib/domain/pricing/rented-offers.ts';
import { groupSchema } from '../../lib/ports/contracts/config.ts';
import type { VmRecord } from '../../lib/ports/vm.ts';
import { createWorld, region } from '../../test/support/scaler-world.ts';

/** What the scaler plans for: pools of one region that together need about 10,000 VMs, most of which run already. */
const demandS = 0.1;
const dispatches = { exact: 'exact', session: 'session', snapshot: 'snapshot', 'exact-p95': 'exact' } as const;

const world = createWorld({ sla: { targetMs: 300, forecastQuantile: 0.9 }, options: { slotMs: 600_000 } });
const offers = [
  ['eu-central-1', 10],
  ['us-east-1', 75],
  ['us-east-2', 85],
  ['us-west-2', 130],
  ['ap-northeast-1', 220],
].flatMap(([id, networkMs]) =>
  rentedOffers(
    catalogueBook(id as string),
    { id: id as string, networkMs: networkMs as number, bootS: 45, startS: 15 },
    ['arm64', 'x86_64'],
  ),
);
const deps = { ...world.deps('bench'), planFleet: plan };
const needed = Number(process.argv[2] ?? 10_000);
const names = Object.keys(dispatches) as (keyof typeof dispatches)[];
const groups = names.map((id) =>
  groupSchema.parse({
    id,
    runtimes: ['node'],
    memoryMiB: 512,
    vcpus: 1,
    dispatch: { mode: dispatches[id] },
    maxVms: 10_000,
    maxUsdPerHour: 1_000_000,
  }),
);
const slas = new Map([...world.config.slas].map(([, sla]) => [sla.id, sla]));
slas.set('tail', { ...slas.get('default')!, id: 'tail', indicator: 'p95', targetMs: 800 });
const config = { ...world.config, slas, groups: new Map(groups.map((g) => [g.id, g])), groupOf: () => groups[0]!.id };
const pools = [
  ...poolsOf(
    region,
    config,
    names.map((id) => `${region}.${id}.${id === 'exact-p95' ? 'tail' : 'default'}`),
  ).values(),
];

const runFor = (records: readonly VmRecord[]) => ({
  deps,
  offers,
  memory: { version: 1 as const, setAside: {}, breakers: {}, throttledUntilMs: 0, suspects: {} },
  unknown: new Set<string>(),
  nowMs: world.nowMs(),
  fleet: new Fleet(
    records,
    new Map(),
    world.state.view(() => {}),
  ),
});
const input = (arrivalRatePerS: number) => ({ demandS, arrivalRatePerS, measuredMs: null, present: 0 });
const sizeOf = (fleet: readonly { count: number }[]) => fleet.reduce((sum, f) => sum + f.count, 0);

// The fleet that runs: what a plan without one arrives at, at the load that takes its share of the VMs.
const share = needed / pools.length;
const records: VmRecord[] = [];
const rates: number[] = [];
for (const pool of pools) {
  let rate = share * 10;
  let fleet = (await planPool(runFor([]), pool, input(rate))).plan.fleet;
  for (let k = 0; k < 3 && Math.abs(sizeOf(fleet) / share - 1) > 0.02; k++) {
    rate *= share / Math.max(1, sizeOf(fleet));
    fleet = (await planPool(runFor([]), pool, input(rate))).plan.fleet;
  }
  rates.push(rate);
  for (const { offer: id, count } of fleet) {
    const { type, dataCentre, purchaseOption, priceUsdPerHour, networkMs } = offers.find((o) => o.id === id)!;
    for (let i = 0; i < count; i++) {
      records.push({
        vmId: `vm-${records.length}`,
        poolId: pool.poolId,
        cell: Math.floor(i / 50),
        ...{ type, dataCentre, purchaseOption, priceUsdPerHour, networkMs },
        ...{ sharingLimit: 16, queueLimit: 16, state: 'ready', cordoned: false, intentId: '', launchedAtMs: 0 },
        ...{ readyAtMs: 0, drainingSinceMs: null, terminatedAtMs: null },
      });
    }
  }
}

const run = runFor(records);
const startMs = performance.now();
const startCpu = process.cpuUsage();
let vms = 0;
let worstGapPct = 0;
for (const [i, pool] of pools.entries()) {
  const { plan: planned } = await planPool(run, pool, input(rates[i]! * 1.05));
  vms += sizeOf(planned.fleet);
  worstGapPct = Math.max(worstGapPct, planned.gapPct ?? Number.POSITIVE_INFINITY);
}
const { user, system } = process.cpuUsage(startCpu);
console.log(
  JSON.stringify({
    wallS: (performance.now() - startMs) / 1000,
    cpuS: (user + system) / 1e6,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    ...{ pools: pools.length, offers: offers.length, running: records.length, vms, worstGapPct },
  }),
);
