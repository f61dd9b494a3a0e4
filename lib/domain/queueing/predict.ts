import type { PoolLoad } from './pool-load.ts';
import { quantileOf, responseSurvival } from './quantile.ts';
import { withServiceScv } from './service-variability.ts';
import { sessionPoolLoad } from './session.ts';
import { snapshotLoad } from './snapshot.ts';
import { roundRobinLoad, staticLoad } from './static-load.ts';
import { capacityOf, type Station, stationOf, vmCountOf } from './station.ts';
import type { ModelInput, ModelResult, VmPrediction } from './types.ts';

/** With no traffic the times are those of a lone request; a vanishing rate gives them without a special case. */
const VANISHING_UTILIZATION = 1e-9;

/** A pool this near to full load is full: the difference is rounding. */
const ROUNDING = 1e-12;

const solvedRate = (input: ModelInput, stations: readonly Station[]): number =>
  Math.max(input.arrivalRatePerS, VANISHING_UTILIZATION * capacityOf(stations));

/**
 * Long-run response time of a pool under a dispatch policy.
 *
 * @throws RangeError when `session` is chosen without its parameters or the pool is empty
 */
export function predict(input: ModelInput): ModelResult {
  const stations = stationsOf(input);
  const utilization = input.arrivalRatePerS / capacityOf(stations);
  const load = loadOf(input, stations);
  if (load === undefined) return unstable(utilization, stations);
  const times = meanTimes(stations, load);
  const traffic = input.arrivalRatePerS / solvedRate(input, stations);
  return {
    status: 'stable',
    responseTimeS: { mean: times.responseS, ...quantiles(stations, load, times.responseS) },
    waitingTimeS: { mean: times.waitingS },
    serviceTimeS: { mean: times.serviceS },
    utilization,
    perVm: stations.flatMap((station, g) => {
      const group = load.groups[g]!;
      const row: VmPrediction = {
        arrivalRatePerS: group.arrivalRatePerS * traffic,
        utilization: (group.arrivalRatePerS * traffic) / station.capacityPerS,
        responseTimeS: {
          mean: group.arrivalRatePerS === 0 ? null : group.sojournS + group.handoffS + station.networkS,
        },
      };
      return Array.from({ length: station.count }, () => ({ ...row, responseTimeS: { ...row.responseTimeS } }));
    }),
    method: load.method,
    errorBoundPct: load.errorBoundPct(),
    percentileErrorBoundPct: percentileErrorBoundPct(load),
  };
}

/**
 * Mean response time alone, network included, in seconds: what the planner asks for thousands of times. Groups are taken
 * as they are (`count` is not expanded).
 *
 * @returns Infinity when unstable
 */
export function predictMeanS(input: ModelInput): number {
  const stations = stationsOf(input);
  const load = loadOf(input, stations);
  return load === undefined ? Infinity : meanTimes(stations, load).responseS;
}

/**
 * The same with the bound on its error: what to plan with where the model is an approximation.
 *
 * @returns `meanS` Infinity when unstable
 */
export function predictMeanWithBound(input: ModelInput): { meanS: number; errorBoundPct: number } {
  const stations = stationsOf(input);
  const load = loadOf(input, stations);
  if (load === undefined) return { meanS: Infinity, errorBoundPct: 0 };
  return { meanS: meanTimes(stations, load).responseS, errorBoundPct: load.errorBoundPct() };
}

/**
 * One percentile of the response time, network included, in seconds.
 *
 * @param probability e.g. 0.95
 * @returns Infinity when unstable
 */
export function predictQuantileS(input: ModelInput, probability: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(`probability is ${probability}: give a share between 0 and 1, e.g. 0.95`);
  }
  const stations = stationsOf(input);
  const load = loadOf(input, stations);
  if (load === undefined) return Infinity;
  return quantileOf(responseSurvival(stations, load), probability, meanTimes(stations, load).responseS);
}

/**
 * Share of requests whose response, network included, takes longer than `tS` seconds: whether a percentile keeps a target, without
 * looking for the percentile.
 *
 * @param slowed all times are taken to be so much longer than predicted, given the bound on the error in percent
 * @returns 1 when unstable
 */
export function predictShareBeyond(
  input: ModelInput,
  tS: number,
  slowed: (errorBoundPct: number) => number = () => 1,
): number {
  const stations = stationsOf(input);
  const load = loadOf(input, stations);
  if (load === undefined) return 1;
  return responseSurvival(stations, load)(tS / slowed(load.errorBoundPct()));
}

function quantiles(stations: readonly Station[], load: PoolLoad, meanS: number) {
  const survivalAt = responseSurvival(stations, load);
  return {
    p50: quantileOf(survivalAt, 0.5, meanS),
    p95: quantileOf(survivalAt, 0.95, meanS),
    p99: quantileOf(survivalAt, 0.99, meanS),
  };
}

function stationsOf(input: ModelInput): Station[] {
  if (!input.pool.some((group) => group.count > 0)) {
    throw new RangeError('the pool has no VM: give at least one group with count >= 1');
  }
  return input.pool.map(stationOf);
}

function loadOf(input: ModelInput, stations: readonly Station[]): PoolLoad | undefined {
  const load = exponentialLoad(input, stations);
  if (load === undefined || input.serviceScv === undefined) return load;
  const arrivalScv = input.policy === 'round-robin' ? 1 / vmCountOf(stations) : 1;
  return withServiceScv(load, stations, input.serviceScv, arrivalScv);
}

function exponentialLoad(input: ModelInput, stations: readonly Station[]): PoolLoad | undefined {
  const arrivalRatePerS = solvedRate(input, stations);
  if (arrivalRatePerS >= capacityOf(stations) * (1 - ROUNDING)) return undefined;
  switch (input.policy) {
    case 'even':
    case 'capacity':
    case 'sqrt':
      return staticLoad(stations, arrivalRatePerS, input.policy);
    case 'round-robin':
      return roundRobinLoad(stations, arrivalRatePerS);
    case 'jsq':
      return snapshotLoad(stations, arrivalRatePerS, input.snapshotAgeS ?? 0);
    case 'session': {
      if (input.session === undefined) {
        throw new RangeError('policy "session" needs `session`: {candidates, threshold, handoffS}');
      }
      return sessionPoolLoad(stations, arrivalRatePerS, input.session);
    }
  }
}

/** Numerical inversion, and what percentiles add to the error of the mean where the queue is an approximation. */
const INVERSION_PCT = 0.2;
const SHAPE_PCT = 6;

/**
 * Bound on the error of p95, percent. Where service is not exponential, the squared coefficient of variation does not say all about a
 * distribution's tail, and deterministic service on several speeds has steps: measured on 144 simulated pools (deterministic
 * and lognormal demand, SCV 0 to 8, JSQ, round robin and the capacity split).
 */
function percentileErrorBoundPct(load: PoolLoad): number {
  const own = load.errorBoundPct();
  const exponential = load.method === 'exact' ? INVERSION_PCT : own + SHAPE_PCT;
  if (load.exponential === undefined) return exponential;
  const { serviceScv } = load.exponential;
  return own + 16 + 20 * Math.max(0, 1 - serviceScv) + 6 * Math.max(0, Math.log(serviceScv));
}

interface MeanTimes {
  responseS: number;
  waitingS: number;
  serviceS: number;
}

function meanTimes(stations: readonly Station[], load: PoolLoad): MeanTimes {
  let total = 0;
  let response = 0;
  let waiting = 0;
  let service = 0;
  stations.forEach((station, g) => {
    const group = load.groups[g]!;
    const flow = station.count * group.arrivalRatePerS;
    if (flow === 0) return;
    total += flow;
    response += flow * (group.sojournS + group.handoffS + station.networkS);
    waiting += flow * group.waitingS;
    service += flow * (group.sojournS - group.waitingS);
  });
  return { responseS: response / total, waitingS: waiting / total, serviceS: service / total };
}

function unstable(utilization: number, stations: readonly Station[]): ModelResult {
  return {
    status: 'unstable',
    responseTimeS: { mean: null, p50: null, p95: null, p99: null },
    waitingTimeS: { mean: null },
    serviceTimeS: { mean: null },
    utilization,
    perVm: stations.flatMap((s) =>
      Array.from({ length: s.count }, () => ({ arrivalRatePerS: 0, utilization: 0, responseTimeS: { mean: null } })),
    ),
    method: 'exact',
    errorBoundPct: 0,
    percentileErrorBoundPct: 0,
  };
}
