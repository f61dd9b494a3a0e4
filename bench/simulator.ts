import type { VmGroup } from '../lib/domain/queueing/types.ts';
import type { PoolSimulation } from '../lib/simulator/engine/simulate-pool.ts';
import { simulatePool } from '../lib/simulator/engine/simulate-pool.ts';
import { runScenario } from '../lib/simulator/scenario/run-scenario.ts';
import { runCiw } from './ciw/ciw.ts';
import type { BenchOptions, BenchRow } from './row.ts';

const vms = (count: number, sharingLimit = 16): VmGroup => ({
  serviceRatePerS: 10,
  cores: 1,
  sharingLimit,
  networkS: 0,
  count,
});

/** Requests simulated per second of processor time (all threads of this process), on one core; Ciw's in the same run. */
export async function bench({ quick, onProgress }: BenchOptions): Promise<BenchRow[]> {
  const requests = quick ? 300_000 : 4_000_000;
  onProgress?.('our engine');
  const single = poolRate({ pool: [vms(1, 4)], arrivalRatePerS: 8, dispatch: { policy: 'even' } }, requests);
  const jsq = (count: number, more: Partial<PoolSimulation> = {}) =>
    poolRate(
      { pool: [vms(count)], arrivalRatePerS: 9 * count, dispatch: { policy: 'jsq' }, ...more },
      requests,
      count * 1000,
    );
  const fifty = jsq(50);
  const general = jsq(50, { demand: { distribution: 'lognormal', scv: 4 } });
  const growth = jsq(50) / jsq(5000);
  const generalGrowth =
    jsq(50, { demand: { distribution: 'deterministic' } }) / jsq(5000, { demand: { distribution: 'deterministic' } });
  onProgress?.('a day in closed loop');
  const day = dayRate(quick);
  onProgress?.('Ciw (installed into .venv on first use)');
  const [ciwSingle, ciwFifty] = await ciwRates(quick ? 3000 : 30_000);
  const beside = (ours: number, ciw: number) =>
    `Ciw ${Math.round(ciw).toLocaleString('en')}/s in this run: ${Math.round(ours / ciw)} times`;
  const log = Number((Math.log(5000) / Math.log(50)).toFixed(2));
  return [
    {
      name: 'one M/M/1-LPS node',
      value: single,
      unit: 'requests/s',
      bar: { atLeast: 6e6 },
      note: beside(single, ciwSingle),
    },
    {
      name: '50 VMs, JSQ, exponential service',
      value: fifty,
      unit: 'requests/s',
      bar: { atLeast: 2.5e6 },
      note: beside(fifty, ciwFifty),
    },
    { name: '50 VMs, JSQ, lognormal service', value: general, unit: 'requests/s', bar: { atLeast: 7e5 } },
    {
      name: 'cost per request, 5,000 VMs against 50, exponential',
      value: growth,
      unit: 'times',
      bar: { atMost: log },
      note: 'bar: the ratio of the logarithms',
    },
    {
      name: 'cost per request, 5,000 VMs against 50, any service',
      value: generalGrowth,
      unit: 'times',
      bar: { atMost: log },
    },
    {
      name: 'closed loop: a day with forecast, JSQ plans, launches and drains',
      value: day,
      unit: 'requests/s',
      note: 'planning, launches and drains included; no bar: how much of it is planning depends on the day',
    },
  ];
}

function perCpuSecond(requests: number, work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return requests / ((user + system) / 1e6);
}

function poolRate(input: PoolSimulation, requests: number, warmup = 100_000): number {
  const run = (n: number) => simulatePool({ ...input, requests: n, warmup, replications: 1 });
  run(requests / 10);
  return perCpuSecond(requests + warmup, () => run(requests));
}

function dayRate(quick: boolean): number {
  const slotS = quick ? 30 : 600;
  const rate = (k: number) => ({ arrivalRatePerS: 250 - 180 * Math.cos((2 * Math.PI * k) / 144) });
  const slots = Array.from({ length: 144 }, (_, k) => rate(k));
  const history = Array.from({ length: 7 * 144 }, (_, k) => rate(k % 144));
  let requests = 0;
  const started = process.cpuUsage();
  requests += runScenario({
    slots,
    slotS,
    history,
    offers: [
      { id: 'small', serviceRatePerS: 10, cores: 1, sharingLimit: 16, priceUsdPerHour: 0.06, networkS: 0 },
      { id: 'large', serviceRatePerS: 22, cores: 2, sharingLimit: 16, priceUsdPerHour: 0.125, networkS: 0 },
    ],
    sla: { indicator: 'mean', targetS: 0.2 },
    policy: 'jsq',
    quantile: 0.9,
    bootS: Math.min(40, slotS / 10),
    replications: 1,
  }).total.requests;
  const { user, system } = process.cpuUsage(started);
  return requests / ((user + system) / 1e6);
}

async function ciwRates(requests: number): Promise<[number, number]> {
  const vm = { coreRatePerS: 10, cores: 1 };
  const common = { demand: { distribution: 'exponential' }, requests, warmup: 0, replications: 1, seed: 1 } as const;
  const results = await runCiw([
    { ...common, vms: [{ ...vm, sharingLimit: 4 }], arrivalRatePerS: 8 },
    { ...common, vms: Array.from({ length: 50 }, () => ({ ...vm, sharingLimit: 16 })), arrivalRatePerS: 450 },
  ]);
  return [results[0]!.jobsPerS, results[1]!.jobsPerS];
}
