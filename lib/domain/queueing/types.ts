/**
 * How requests are spread over a pool's VMs.
 *
 * - `even`, `capacity`, `sqrt`: static random splits: 1/C; by usable rate min(c, N) μ_core; the split with the least mean
 *   response time for exponential service, network included.
 * - `round-robin`: cyclic over all VMs, each gets every C-th request.
 * - `jsq`: the least networkS + (n+1)/(min(n+1, c, N) μ_core), n = number present; ties uniform.
 * - `session`: the first of a ticket's candidates that has room for it; see `SessionParameters`.
 */
export type Policy = 'even' | 'capacity' | 'sqrt' | 'round-robin' | 'jsq' | 'session';

/** A group of `count` identical VMs. */
export interface VmGroup {
  /** Requests per second of the whole VM with all its cores busy; one core gives serviceRatePerS / cores. */
  serviceRatePerS: number;
  cores: number;
  /** N: at most this many requests are in service at once (limited processor sharing), the rest wait in order. */
  sharingLimit: number;
  count: number;
  /** Round trip between device and VM in seconds; part of the response time only. */
  networkS: number;
}

/**
 * Parameters of the session dispatch mode: a ticket names `candidates` VMs, drawn by usable rate without replacement. A request
 * goes to the first; a VM that holds `threshold` + min(c, N) - 1 requests or more hands it to the next (a VM of one core at
 * `threshold`, each further core adds one), which takes `handoffS`, and the last keeps it. Sessions are many, so that each
 * request sees a fresh draw.
 */
export interface SessionParameters {
  candidates: number;
  threshold: number;
  handoffS: number;
}

/** What `npx oaas model` reads. */
export interface ModelInput {
  pool: VmGroup[];
  arrivalRatePerS: number;
  policy: Policy;
  session?: SessionParameters;
  /**
   * Age of the occupancy a `jsq` dispatcher sees, seconds: one dispatcher refreshes its view of all VMs every
   * `snapshotAgeS` and adds what it has itself sent since. 0 or absent = the true occupancy.
   */
  snapshotAgeS?: number;
  /** Squared coefficient of variation of the service demand; 1 = exponential. */
  serviceScv?: number;
}

export interface ResponseTime {
  mean: number;
  p50: number;
  p95: number;
  p99: number;
}

export type OrNull<T> = { [K in keyof T]: T[K] | null };

export interface VmPrediction {
  arrivalRatePerS: number;
  utilization: number;
  responseTimeS: { mean: number | null };
}

/** What `npx oaas model` answers; times are null when `unstable`. */
export interface ModelResult {
  status: 'stable' | 'unstable';
  responseTimeS: OrNull<ResponseTime>;
  waitingTimeS: { mean: number | null };
  serviceTimeS: { mean: number | null };
  /** λ / Σ min(c, N) μ_core. */
  utilization: number;
  /** One row per VM, `count` expanded, in order. */
  perVm: VmPrediction[];
  method: 'exact' | 'approximation';
  /** Of the mean. */
  errorBoundPct: number;
  /** Of the 95th percentile. */
  percentileErrorBoundPct: number;
}
