import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { plan } from '../lib/domain/planner/plan.ts';
import type { Offer, PlanProblem, PlanResult } from '../lib/domain/planner/types.ts';
import { offersFromCatalogue } from '../lib/domain/pricing/offers.ts';
import type { Bench, BenchRow } from './row.ts';

/** The regions where every type of the catalogue is offered, and one more; round trips from western Europe. */
const dataCentres = [
  { name: 'eu-central-1', networkS: 0.012 },
  { name: 'us-east-1', networkS: 0.075 },
  { name: 'us-east-2', networkS: 0.085 },
  { name: 'us-west-2', networkS: 0.13 },
  { name: 'ap-northeast-1', networkS: 0.22 },
];
const needVms = 1000;

/** The planner on the whole catalogue, five data centres, a need of 1,000 VMs. */
export const bench: Bench = async ({ quick, onProgress }) => {
  const demandS = 0.05;
  const offers = offersFromCatalogue({ regions: dataCentres, demandS });
  const near = offers.map((o) => ({ ...o, networkS: 0.012 }));
  // One queue per VM whatever its cores: the linear case of design.md section 3.
  const oneCore = near.map((o): Offer => ({ ...o, cores: 1, serviceRatePerS: o.serviceRatePerS / o.cores, max: 100 }));
  const runs = quick ? 2 : 9;
  const cases: { name: string; problem: Omit<PlanProblem, 'arrivalRatePerS'>; bar: number; gapBar?: number }[] = [
    { name: 'linear', problem: { policy: 'capacity', sla: sla(3 * demandS + 0.012), offers: oneCore }, bar: 50 },
    {
      name: 'JSQ, R μ = 3',
      problem: { policy: 'jsq', sla: sla(3 * demandS + 0.012), offers: near },
      bar: 500,
      gapBar: 1,
    },
    {
      name: 'JSQ, R μ = 3, unequal network',
      problem: { policy: 'jsq', sla: sla(3 * demandS + 0.1), offers },
      bar: 500,
      gapBar: 1,
    },
    {
      name: 'JSQ, R μ = 3, at most 40 of each offer',
      problem: { policy: 'jsq', sla: sla(3 * demandS + 0.1), offers: offers.map((o) => ({ ...o, max: 40 })) },
      bar: 500,
      gapBar: 1,
    },
    {
      name: 'JSQ, R μ = 1.3, unequal network',
      problem: { policy: 'jsq', sla: sla(1.3 * demandS + 0.1), offers },
      bar: 500,
      gapBar: 1,
    },
    {
      name: 'JSQ, p95 at R μ = 5, unequal network',
      problem: { policy: 'jsq', sla: { indicator: 'p95', targetS: 5 * demandS + 0.1 }, offers },
      bar: 500,
      gapBar: 1,
    },
    {
      name: 'JSQ, p99 at R μ = 7',
      problem: { policy: 'jsq', sla: { indicator: 'p99', targetS: 7 * demandS + 0.012 }, offers: near },
      bar: 500,
      gapBar: 1,
    },
    { name: 'JSQ, R μ = 1.3', problem: { policy: 'jsq', sla: sla(1.3 * demandS + 0.012), offers: near }, bar: 500 },
  ];
  const rows: BenchRow[] = [];
  for (const { name, problem, bar, gapBar } of cases) {
    onProgress?.(name);
    const arrivalRatePerS = rateFor(problem);
    const times: number[] = [];
    let result: PlanResult | undefined;
    for (let k = 0; k < runs; k++) {
      // CPU time: one thread that only computes, and the figure does not depend on what else the machine does.
      const start = process.cpuUsage();
      result = plan({ ...problem, arrivalRatePerS });
      const { user, system } = process.cpuUsage(start);
      times.push((user + system) / 1000);
    }
    const vms = result!.fleet.reduce((sum, f) => sum + f.count, 0);
    const note = `${problem.offers.length} offers, ${vms} VMs, ${result!.status}`;
    rows.push({ name: `plan ${name}: median CPU time`, value: median(times), unit: 'ms', bar: { atMost: bar }, note });
    rows.push({
      name: `plan ${name}: gap`,
      value: result!.gapPct ?? Number.POSITIVE_INFINITY,
      unit: '%',
      ...(gapBar === undefined ? {} : { bar: { atMost: gapBar } }),
    });
  }
  onProgress?.('10,000 VMs through the scaler');
  return [...rows, ...(await scalerRows(quick))];
};

interface ScalerPlanning {
  wallS: number;
  cpuS: number;
  peakMiB: number;
  pools: number;
  offers: number;
  running: number;
  vms: number;
  worstGapPct: number;
}

/** The scaler's own way from its rows to its plans, in a process of its own so that its memory can be told. */
async function scalerRows(quick: boolean): Promise<BenchRow[]> {
  const child = new URL('./planner/scaler-child.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--import', 'tsx', child],
    String(quick ? 400 : 10_000),
  ]);
  const { cpuS, wallS, peakMiB, pools, offers, running, vms, worstGapPct } = JSON.parse(stdout) as ScalerPlanning;
  const note = `${pools} pools (exact, session, snapshot, p95), ${offers} offers, ${running} VMs running, ${vms} planned, gap at most ${worstGapPct.toFixed(2)} %, wall ${wallS.toFixed(1)} s`;
  return [
    { name: 'the scaler plans 10,000 VMs: CPU time', value: cpuS, unit: 's', bar: { atMost: 5 }, note },
    {
      name: 'the scaler plans 10,000 VMs: peak memory of the process',
      value: peakMiB,
      unit: 'MiB',
      bar: { atMost: 512 },
      note: 'resident set, Node and TypeScript loader included',
    },
  ];
}

const sla = (targetS: number) => ({ indicator: 'mean' as const, targetS });

/** The load that takes about 1,000 VMs. */
function rateFor(problem: Omit<PlanProblem, 'arrivalRatePerS'>): number {
  let rate = 10_000;
  for (let k = 0; k < 3; k++) {
    const { fleet } = plan({ ...problem, arrivalRatePerS: rate });
    const vms = fleet.reduce((sum, f) => sum + f.count, 0);
    if (vms > 0) rate *= needVms / vms;
  }
  return rate;
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
