import type { VmGroup } from '../../domain/queueing/types.ts';
import { type ArrivalSpec, arrivalSource } from './arrivals.ts';
import { type Estimate, estimate } from './confidence.ts';
import { type DemandSpec, demandSampler } from './demand.ts';
import { ExponentialKernel } from './exponential-kernel.ts';
import { GeneralKernel } from './general-kernel.ts';
import type { DurationHistogram } from './histogram.ts';
import type { Kernel } from './kernel.ts';
import { createDispatcher, type SimulatedPolicy } from './policies/policy.ts';
import { Recorder } from './recorder.ts';
import { Stream, UniformStream } from './rng.ts';

/** A fixed pool under a stationary (or given) stream of requests. */
export interface PoolSimulation {
  pool: readonly VmGroup[];
  /** Poisson rate, unless `arrivals` says otherwise. */
  arrivalRatePerS: number;
  arrivals?: ArrivalSpec;
  dispatch: SimulatedPolicy;
  /** Service demand relative to its mean; exponential unless said. */
  demand?: DemandSpec;
  /** Most requests waiting per VM (beyond its sharing limit), and present in the pool; further ones are refused. */
  queueLimit?: number;
  poolLimit?: number;
  seed?: number;
  /** Requests recorded per replication, after `warmup` unrecorded ones (a tenth of `requests` unless said). */
  requests?: number;
  warmup?: number;
  replications?: number;
  /** Which engine: exponential service has a faster one of its own. For tests. */
  kernel?: 'exponential' | 'general';
}

export interface DurationEstimate {
  mean: number;
  p50: number;
  p95: number;
  p99: number;
  /** Half-widths of the 95 % confidence intervals over the replications. */
  ci95: { mean: number; p50: number; p95: number; p99: number };
}

export interface VmEstimate {
  arrivalRatePerS: number;
  utilization: number;
  responseTimeS: { mean: number; ci95: number };
}

export interface PoolSimulationResult {
  /** Requests recorded over all replications, refused ones included. */
  requests: number;
  refused: number;
  /** Network and hand-over time included. */
  responseTimeS: DurationEstimate;
  waitingTimeS: DurationEstimate;
  serviceTimeS: DurationEstimate;
  /** Work done / capacity over the recorded span. */
  utilization: Estimate;
  /** Hand-overs between VMs per accepted request. */
  handoffsPerRequest: number;
  /** One row per VM, `count` expanded, in order. */
  perVm: VmEstimate[];
}

/**
 * Simulates a pool and estimates its response, waiting and service times.
 *
 * Replications are independent; replication r of two calls with the same seed sees the same arrivals and demands whatever
 * the pool and policy. Recorded requests are followed to their end while later ones keep arriving, so none is cut off.
 *
 * @throws RangeError when an input is outside its domain
 */
export function simulatePool(input: PoolSimulation): PoolSimulationResult {
  const { seed = 1, requests = 100_000, replications = 10 } = input;
  const warmup = input.warmup ?? Math.ceil(requests / 10);
  if (input.pool.length === 0) throw new RangeError('pool is empty: give at least one VM group');
  const runs: Replication[] = [];
  for (let r = 0; r < replications; r++) runs.push(replicate(input, seed, r, warmup, requests));
  const accepted = sum(runs, (run) => run.recorder.responses[0]!.count);
  return {
    requests: requests * replications,
    refused: sum(runs, (run) => run.recorder.refused[0]!),
    responseTimeS: durations(runs.map((run) => run.recorder.responses[0]!)),
    waitingTimeS: durations(runs.map((run) => run.recorder.waiting)),
    serviceTimeS: durations(runs.map((run) => run.recorder.service)),
    utilization: estimate(runs.map((run) => run.utilization)),
    handoffsPerRequest: sum(runs, (run) => run.recorder.handoffs) / accepted,
    perVm: expand(input.pool).map((group, vm) => perVm(runs, vm, group)),
  };
}

interface Replication {
  recorder: Recorder;
  utilization: number;
  /** From the first recorded arrival to the last. */
  spanS: number;
}

function replicate(
  input: PoolSimulation,
  seed: number,
  replication: number,
  warmup: number,
  requests: number,
): Replication {
  const recorder = new Recorder(true);
  const kernel = createKernel(input, recorder, seed, replication);
  for (const group of expand(input.pool)) {
    kernel.addVm({
      coreRatePerS: group.serviceRatePerS / group.cores,
      cores: group.cores,
      sharingLimit: group.sharingLimit,
      networkS: group.networkS,
      queueLimit: input.queueLimit ?? Number.POSITIVE_INFINITY,
    });
  }
  const random = new UniformStream(seed, replication, Stream.dispatch);
  const arrivals = input.arrivals ?? { process: 'poisson', ratePerS: input.arrivalRatePerS };
  kernel.use(
    createDispatcher(input.dispatch, kernel.fleet, random, input.arrivalRatePerS),
    arrivalSource(arrivals, seed, replication),
  );
  kernel.run(Number.POSITIVE_INFINITY, warmup);
  const startS = kernel.nowS;
  const workAtStart = kernel.workDone;
  recorder.open(0);
  kernel.run(Number.POSITIVE_INFINITY, requests);
  const spanS = kernel.nowS - startS;
  const utilization = (kernel.workDone - workAtStart) / (spanS * kernel.fleet.capacityPerS);
  recorder.slot = -1;
  // An overloaded pool never lets the last ones go in reasonable time: stop when as many again have come.
  let more = requests + 1000;
  while (recorder.outstanding > 0 && more > 0) {
    kernel.run(Number.POSITIVE_INFINITY, 1000);
    more -= 1000;
  }
  return { recorder, utilization, spanS };
}

function createKernel(input: PoolSimulation, recorder: Recorder, seed: number, replication: number): Kernel {
  const demand = input.demand ?? { distribution: 'exponential' };
  const options = {
    handoffS: input.dispatch.policy === 'session' ? input.dispatch.session.handoffS : 0,
    poolLimit: input.poolLimit ?? Number.POSITIVE_INFINITY,
  };
  const kind = input.kernel ?? (demand.distribution === 'exponential' ? 'exponential' : 'general');
  return kind === 'exponential'
    ? new ExponentialKernel(recorder, options, seed, replication)
    : new GeneralKernel(recorder, options, demandSampler(demand, seed, replication, Stream.demands));
}

/** One group of count 1 per VM. */
function expand(pool: readonly VmGroup[]): VmGroup[] {
  return pool.flatMap((group) => Array.from({ length: group.count }, () => ({ ...group, count: 1 })));
}

function durations(histograms: readonly DurationHistogram[]): DurationEstimate {
  const mean = estimate(histograms.map((h) => h.mean));
  const p50 = estimate(histograms.map((h) => h.quantile(0.5)));
  const p95 = estimate(histograms.map((h) => h.quantile(0.95)));
  const p99 = estimate(histograms.map((h) => h.quantile(0.99)));
  return {
    mean: mean.value,
    p50: p50.value,
    p95: p95.value,
    p99: p99.value,
    ci95: { mean: mean.ci95, p50: p50.ci95, p95: p95.ci95, p99: p99.ci95 },
  };
}

function perVm(runs: readonly Replication[], vm: number, group: VmGroup): VmEstimate {
  const requests = (run: Replication) => run.recorder.requestsByVm[vm] ?? 0;
  const rate = sum(runs, (run) => requests(run) / run.spanS) / runs.length;
  const mean = estimate(runs.map((run) => (run.recorder.responseSumByVm[vm] ?? 0) / requests(run)));
  const coreRate = group.serviceRatePerS / group.cores;
  return {
    arrivalRatePerS: rate,
    utilization: rate / (Math.min(group.cores, group.sharingLimit) * coreRate),
    responseTimeS: { mean: mean.value, ci95: mean.ci95 },
  };
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
