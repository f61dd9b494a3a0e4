import type { ModelInput, VmGroup } from '../queueing/types.ts';
import type { Counts, Instance } from './instance.ts';
import type { Indicator } from './types.ts';

/** What the planner needs of the queueing model. */
export interface QueueModel {
  /** Mean response time, network included, seconds; Infinity when unstable. */
  meanS(input: ModelInput): number;
  /** Share of requests that take longer than `tS`; 1 when unstable. */
  shareBeyond(input: ModelInput, tS: number): number;
  /** The same with percentiles; null when unstable. */
  times(input: ModelInput): ResponseTimes | null;
}

export interface ResponseTimes {
  mean: number | null;
  p95: number | null;
  p99: number | null;
}

const beyondTarget = { p95: 0.05, p99: 0.01 } as const;

/** Targets are met up to this relative slack, which only absorbs rounding. */
const slack = 1e-9;

/** Asks the model about fleets of one instance. */
export class Evaluator {
  /** Work so far, in about milliseconds of an ordinary machine: what the planner's budget is counted in, clock or not. */
  workMs = 0;
  readonly #instance: Instance;
  readonly #model: QueueModel;

  constructor(instance: Instance, model: QueueModel) {
    this.#instance = instance;
    this.#model = model;
  }

  /** Whether the fleet keeps the promise. No VMs keep it when there is no traffic. */
  meets(counts: Counts): boolean {
    const input = this.#input(counts);
    if (input === null) return this.#instance.arrivalRatePerS === 0;
    const { indicator, targetS } = this.#instance.sla;
    this.workMs += workOf(input, indicator);
    if (indicator === 'mean') return this.#model.meanS(input) <= targetS * (1 + slack);
    return this.#model.shareBeyond(input, targetS * (1 + slack)) <= beyondTarget[indicator] * (1 + slack);
  }

  times(counts: Counts): ResponseTimes {
    const input = this.#input(counts);
    const times = input === null ? null : this.#model.times(input);
    return { mean: times?.mean ?? null, p95: times?.p95 ?? null, p99: times?.p99 ?? null };
  }

  #input(counts: Counts): ModelInput | null {
    const pool = poolOf(this.#instance, counts);
    if (pool.length === 0) return null;
    const { arrivalRatePerS, policy, session, snapshotAgeS, serviceScv } = this.#instance;
    return { pool, arrivalRatePerS, policy, session, snapshotAgeS, serviceScv };
  }
}

/** About what the model takes, in milliseconds: it looks at every number of busy cores, session at every VM, a percentile at every place of one VM of each kind. */
function workOf({ pool, policy }: ModelInput, indicator: Indicator): number {
  const vms = pool.reduce((sum, g) => sum + g.count, 0);
  const cores = pool.reduce((sum, g) => sum + g.count * g.cores, 0);
  const perPool =
    policy === 'session'
      ? 0.3 + 0.0025 * pool.length * vms
      : policy === 'jsq'
        ? (0.0001 + 0.00003 * pool.length) * cores
        : 0;
  return (
    0.02 +
    0.0001 * vms +
    perPool +
    (indicator === 'mean' ? 0 : 0.1 + pool.reduce((sum, g) => sum + 0.0015 * g.sharingLimit, 0))
  );
}

/** Offers that are the same to the queue (price aside) form one group, which keeps the model quick. */
function poolOf(instance: Instance, counts: Counts): VmGroup[] {
  const groups = new Map<string, VmGroup>();
  counts.forEach((count, i) => {
    if (count === 0) return;
    const { serviceRatePerS, cores, sharingLimit, networkS } = instance.offers[i]!;
    const key = `${serviceRatePerS}/${cores}/${sharingLimit}/${networkS}`;
    const group = groups.get(key);
    if (group) group.count += count;
    else groups.set(key, { serviceRatePerS, cores, sharingLimit, count, networkS });
  });
  return [...groups.values()];
}
