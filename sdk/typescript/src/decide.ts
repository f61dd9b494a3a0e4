/**
 * The offload-or-local decision: numbers in, decision out. Only + - * / min max, so that every implementation (the
 * Java twin is held to sdk/vectors/decide.json) gives the same doubles.
 *
 *     T_local  = t_local * (1 + running / parallelism)            running: local runs in progress
 *     T_link   = up / B + down / B                                bytes over the measured bandwidth B
 *     S        = (4 * predicted + n * measured) / (4 + n)         n = min(samples, 16); whichever exists alone counts alone
 *     T_remote = placement + RTT + T_link + S                     placement: 0 with a ticket at hand
 *     E_local  = P_compute * T_local
 *     E_remote = P_transfer * T_link + P_idle * (T_remote - T_link)
 *     cost     = (1 - w) * T_remote / T_local + w * E_remote / E_local        offload iff cost < 1 (with hysteresis h)
 *
 * The energy terms are Kumar and Lu, "Cloud computing for mobile users: can offloading computation save energy?",
 * IEEE Computer 43(4), 2010, equation 1, whose measured handheld also gives the default powers (0.9, 1.3 and 0.3 W).
 * A deadline overrules the cost: when only one side meets it (by its 95th percentile), that side is taken.
 *
 * Where a second run is allowed, a wrong guess need not be paid in full:
 *
 *     spread   = e_local * T_local + e_remote * T_remote             e: mean error of recent predictions, as a share of them
 *     gain     = max(0, 2 spread - |T_remote - T_local|)^2 / (8 spread)
 *     both     = (1 - w) * (min(T_local, T_remote) - gain) / T_local + w * (E_local + E_remote) / E_local
 *     race iff both < (1 - raceGain) * min(1, cost)                  both sides at once, the first result counts
 *     hedge    = T_remote * (1 + hedgeErrors * e_remote)             without an answer by then the device starts as well
 *
 * `gain` is what the first of two results saves on average over the side expected to win when the error of their
 * difference is uniform with mean size `spread`. The hedge is the rule of Jacobson, "Congestion avoidance and control", SIGCOMM
 * 1988, for the retransmission timer: mean plus four mean deviations. While surrogates' times are not steady (e_remote above
 * `steadyError`) nothing is late or in time by them, and the device starts after `boundMs`: it is never worse off than local by
 * more. A device that hears nothing while it computes never races, and waits at least T_local, so that it loses no more than
 * as much again. A race needs no exploring.
 *
 * Exploration: each side's estimate is only as good as its last measurement. The losing side is tried again when its
 * last run is older than `staleMs`, at most every `exploreEvery` calls, and only while it is predicted at no more than
 * `exploreRatio` times the winner. A side never measured is tried once under the same cap (local time guessed from
 * the CPU time the surrogate reported). Never when it would endanger the deadline.
 */

export interface LocalView {
  /** Recent mean in ms, or the caller's estimate; null: neither. */
  meanMs: number | null;
  /** 95th percentile in ms; null: not known, the mean stands in. */
  p95Ms: number | null;
  samples: number;
  /** Since the last local run; null: never. */
  ageMs: number | null;
  running: number;
  parallelism: number;
  /** CPU ms of the method that surrogates reported, a guess for a side never measured; null: none. */
  guessMs: number | null;
  /** Mean error of recent predictions as a share of them. */
  error: number;
}

export interface RemoteView {
  available: boolean;
  /** The pool's predicted response without the device's own link, in ms; null: not told. */
  predictedMs: number | null;
  /** Recent mean of what surrogates reported (queueing, running, hand-off), in ms; null: never measured. */
  serverMs: number | null;
  serverP95Ms: number | null;
  samples: number;
  ageMs: number | null;
  /** Cost of a placement in ms, 0 with a ticket at hand. */
  placementMs: number;
  rttMs: number;
  /** Bytes per ms; null: not measured, transfers are taken as free. */
  bytesPerMs: number | null;
  upBytes: number;
  downBytes: number;
  /** Mean error of recent predictions as a share of them. */
  error: number;
}

/**
 * Whether the device may run a call that is out at a surrogate: `never` (it is not idempotent), `after` (it can, but hears
 * nothing while it computes), `beside` (both at once).
 */
export type SecondRun = 'never' | 'after' | 'beside';

export interface DecisionInput {
  /** null: there is no local implementation. */
  local: LocalView | null;
  remote: RemoteView;
  /** 0 time only, 1 energy only. */
  energyWeight: number;
  power: { computeW: number; transferW: number; idleW: number };
  /** Time left in ms; null: no deadline. */
  deadlineMs: number | null;
  /** Where the last call of the method ran; null: first call. */
  last: 'local' | 'remote' | null;
  explore: boolean;
  /** Calls since the last exploration. */
  sinceExplore: number;
  second: SecondRun;
}

export type DecisionCode =
  | 'faster-remote'
  | 'faster-local'
  | 'cheaper-remote'
  | 'cheaper-local'
  | 'deadline-needs-remote'
  | 'deadline-needs-local'
  | 'no-local-implementation'
  | 'remote-unavailable'
  | 'explore-local'
  | 'explore-remote'
  | 'unmeasured-remote'
  | 'race';

export interface Decision {
  where: 'local' | 'remote';
  code: DecisionCode;
  /** T_local and T_remote in ms; null: not known. */
  localMs: number | null;
  remoteMs: number | null;
  /** Cost of remote relative to local (1 = equal); null: not comparable. */
  cost: number | null;
  /** Of remote: without an answer after so long the device starts as well, 0: at once; null: it waits. */
  hedgeMs: number | null;
}

/** Constants of the rule, part of its contract with other implementations. */
export const decisionConstants = {
  priorWeight: 4,
  maxWeight: 16,
  hysteresis: 0.05,
  exploreRatio: 1.25,
  exploreEvery: 50,
  staleMs: 120_000,
  deadlineMargin: 2,
  raceGain: 0.15,
  raceRatio: 8,
  hedgeErrors: 4,
  steadyError: 0.3,
  boundMs: 15,
} as const;

const {
  priorWeight,
  maxWeight,
  hysteresis,
  exploreRatio,
  exploreEvery,
  staleMs,
  deadlineMargin,
  raceGain,
  raceRatio,
  hedgeErrors,
  steadyError,
  boundMs,
} = decisionConstants;

/** Decides one call; see the head of the file for the formula. */
export function decide(input: DecisionInput): Decision {
  const { local, remote, second } = input;
  const remoteMs = remoteTimeMs(remote, serverMeanMs(remote));
  const here = { where: 'local', hedgeMs: null } as const;
  const there = { where: 'remote', hedgeMs: null } as const;
  if (local === null) return { ...there, code: 'no-local-implementation', localMs: null, remoteMs, cost: null };
  const load = 1 + local.running / local.parallelism;
  const localMs = local.meanMs === null ? null : local.meanMs * load;
  const known = { localMs, remoteMs };
  if (!remote.available) return { ...here, code: 'remote-unavailable', ...known, cost: null };

  if (localMs === null) return decideUnmeasuredLocal(input, local, remoteMs, load);
  const both = { where: 'remote', hedgeMs: 0 } as const;
  if (remoteMs === null) {
    // Nothing is known of the surrogates: one try tells.
    if (!input.explore) return { ...here, code: 'faster-local', ...known, cost: null };
    const tried = second === 'after' ? ({ where: 'remote', hedgeMs: localMs } as const) : there;
    return { ...(second === 'beside' ? both : tried), code: 'explore-remote', ...known, cost: null };
  }

  const cost = relativeCost(input, localMs, remoteMs);
  const away = { where: 'remote', hedgeMs: hedgeAfterMs(input, localMs, remoteMs) } as const;
  // The first of two meets every deadline that one of them meets.
  if (second === 'beside' && raceCost(input, localMs, remoteMs) < (1 - raceGain) * Math.min(1, cost))
    return { ...both, code: 'race', ...known, cost };
  if (input.deadlineMs !== null) {
    const localMeets = (local.p95Ms ?? local.meanMs ?? 0) * load <= input.deadlineMs;
    const remoteWorst = remoteTimeMs(remote, remote.serverP95Ms ?? serverMeanMs(remote)) ?? remoteMs;
    const remoteMeets = remoteWorst <= input.deadlineMs;
    if (localMeets && !remoteMeets) return { ...here, code: 'deadline-needs-local', ...known, cost };
    if (remoteMeets && !localMeets) return { ...away, code: 'deadline-needs-remote', ...known, cost };
  }

  const threshold = input.last === 'local' ? 1 - hysteresis : input.last === 'remote' ? 1 + hysteresis : 1;
  const offload = cost < threshold;
  if (mayExplore(input)) {
    const safe = (ms: number) => input.deadlineMs === null || ms * deadlineMargin <= input.deadlineMs;
    if (offload && isStale(local.ageMs) && localMs <= exploreRatio * remoteMs && safe(localMs))
      return { ...(second === 'beside' ? both : here), code: 'explore-local', ...known, cost };
    if (!offload && isStale(remote.ageMs) && remoteMs <= exploreRatio * localMs && safe(remoteMs))
      return { ...(second === 'beside' ? both : away), code: 'explore-remote', ...known, cost };
  }
  if (offload) return { ...away, code: remoteMs < localMs ? 'faster-remote' : 'cheaper-remote', ...known, cost };
  return { ...here, code: localMs <= remoteMs ? 'faster-local' : 'cheaper-local', ...known, cost };
}

/** No local time known: both where they can run at once; else remote, and one local run once its guess is within bounds. */
function decideUnmeasuredLocal(
  input: DecisionInput,
  local: LocalView,
  remoteMs: number | null,
  load: number,
): Decision {
  const known = { localMs: null, remoteMs, cost: null };
  if (input.second === 'beside' && input.explore)
    return { where: 'remote', code: 'unmeasured-remote', ...known, hedgeMs: 0 };
  const guess = local.guessMs === null ? null : local.guessMs * load;
  const worthIt = guess !== null && remoteMs !== null && guess <= exploreRatio * remoteMs;
  const safe = input.deadlineMs === null || (guess !== null && guess * deadlineMargin <= input.deadlineMs);
  if (input.explore && input.remote.samples > 0 && worthIt && safe)
    return { where: 'local', code: 'explore-local', ...known, hedgeMs: null };
  const hedgeMs = input.second === 'never' || remoteMs === null ? null : lateAfterMs(input.remote, remoteMs);
  return { where: 'remote', code: 'unmeasured-remote', ...known, hedgeMs };
}

/** Relative cost of running on both sides at once. */
function raceCost(input: DecisionInput, localMs: number, remoteMs: number): number {
  const { power, energyWeight: w } = input;
  const spread = input.local!.error * localMs + input.remote.error * remoteMs;
  const localEnergy = power.computeW * localMs;
  if (Math.max(localMs, remoteMs) > raceRatio * Math.min(localMs, remoteMs)) return Number.POSITIVE_INFINITY;
  if (spread <= 0 || localMs <= 0 || localEnergy <= 0) return Number.POSITIVE_INFINITY;
  const overlap = Math.max(0, 2 * spread - Math.abs(remoteMs - localMs));
  const gain = (overlap * overlap) / (8 * spread);
  const energy = (localEnergy + remoteEnergyOf(input, remoteMs)) / localEnergy;
  return (1 - w) * ((Math.min(localMs, remoteMs) - gain) / localMs) + w * energy;
}

const lateAfterMs = ({ error }: RemoteView, remoteMs: number): number => remoteMs * (1 + hedgeErrors * error);

function hedgeAfterMs(input: DecisionInput, localMs: number, remoteMs: number): number | null {
  if (input.second === 'never') return null;
  const lateMs = lateAfterMs(input.remote, remoteMs);
  if (input.second === 'after') return Math.max(lateMs, localMs);
  return Math.min(lateMs, localMs, input.remote.error > steadyError ? boundMs : lateMs);
}

/** What surrogates are expected to take, by the region's prediction and what was measured; null: neither is known. */
export function serverMeanMs(remote: Pick<RemoteView, 'predictedMs' | 'serverMs' | 'samples'>): number | null {
  if (remote.serverMs === null) return remote.predictedMs;
  if (remote.predictedMs === null) return remote.serverMs;
  const n = Math.min(remote.samples, maxWeight);
  return (priorWeight * remote.predictedMs + n * remote.serverMs) / (priorWeight + n);
}

function linkMs(remote: RemoteView): number {
  if (remote.bytesPerMs === null) return 0;
  return remote.upBytes / remote.bytesPerMs + remote.downBytes / remote.bytesPerMs;
}

/** T_remote for so much time on the surrogate; null: not known. */
export function remoteTimeMs(remote: RemoteView, serverMs: number | null): number | null {
  if (serverMs === null) return null;
  return remote.placementMs + remote.rttMs + linkMs(remote) + serverMs;
}

function relativeCost(input: DecisionInput, localMs: number, remoteMs: number): number {
  const { power, energyWeight: w } = input;
  const localEnergy = power.computeW * localMs;
  // A task of no measurable length is never worth a message.
  if (localMs <= 0 || localEnergy <= 0) return 1 + hysteresis * 2;
  return (1 - w) * (remoteMs / localMs) + w * (remoteEnergyOf(input, remoteMs) / localEnergy);
}

function remoteEnergyOf({ power, remote }: DecisionInput, remoteMs: number): number {
  const transferMs = linkMs(remote);
  return power.transferW * transferMs + power.idleW * (remoteMs - transferMs);
}

function mayExplore(input: DecisionInput): boolean {
  return input.explore && input.sinceExplore >= exploreEvery;
}

function isStale(ageMs: number | null): boolean {
  return ageMs === null || ageMs >= staleMs;
}
