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
}

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
  | 'unmeasured-remote';

export interface Decision {
  where: 'local' | 'remote';
  code: DecisionCode;
  /** T_local and T_remote in ms; null: not known. */
  localMs: number | null;
  remoteMs: number | null;
  /** Cost of remote relative to local (1 = equal); null: not comparable. */
  cost: number | null;
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
} as const;

const { priorWeight, maxWeight, hysteresis, exploreRatio, exploreEvery, staleMs, deadlineMargin } = decisionConstants;

/** Decides one call; see the head of the file for the formula. */
export function decide(input: DecisionInput): Decision {
  const { local, remote } = input;
  const remoteMs = remoteTimeMs(remote, serverMeanMs(remote));
  if (local === null) return { where: 'remote', code: 'no-local-implementation', localMs: null, remoteMs, cost: null };
  const load = 1 + local.running / local.parallelism;
  const localMs = local.meanMs === null ? null : local.meanMs * load;
  const known = { localMs, remoteMs };
  if (!remote.available) return { where: 'local', code: 'remote-unavailable', ...known, cost: null };

  if (localMs === null) return decideUnmeasuredLocal(input, local, remoteMs, load);
  if (remoteMs === null) {
    // Nothing is known of the surrogates: one try tells.
    const code = input.explore ? 'explore-remote' : 'faster-local';
    return { where: input.explore ? 'remote' : 'local', code, ...known, cost: null };
  }

  const cost = relativeCost(input, localMs, remoteMs);
  if (input.deadlineMs !== null) {
    const localMeets = (local.p95Ms ?? local.meanMs ?? 0) * load <= input.deadlineMs;
    const remoteWorst = remoteTimeMs(remote, remote.serverP95Ms ?? serverMeanMs(remote)) ?? remoteMs;
    const remoteMeets = remoteWorst <= input.deadlineMs;
    if (localMeets && !remoteMeets) return { where: 'local', code: 'deadline-needs-local', ...known, cost };
    if (remoteMeets && !localMeets) return { where: 'remote', code: 'deadline-needs-remote', ...known, cost };
  }

  const threshold = input.last === 'local' ? 1 - hysteresis : input.last === 'remote' ? 1 + hysteresis : 1;
  const offload = cost < threshold;
  if (mayExplore(input)) {
    const safe = (ms: number) => input.deadlineMs === null || ms * deadlineMargin <= input.deadlineMs;
    if (offload && isStale(local.ageMs) && localMs <= exploreRatio * remoteMs && safe(localMs))
      return { where: 'local', code: 'explore-local', ...known, cost };
    if (!offload && isStale(remote.ageMs) && remoteMs <= exploreRatio * localMs && safe(remoteMs))
      return { where: 'remote', code: 'explore-remote', ...known, cost };
  }
  if (offload)
    return { where: 'remote', code: remoteMs < localMs ? 'faster-remote' : 'cheaper-remote', ...known, cost };
  return { where: 'local', code: localMs <= remoteMs ? 'faster-local' : 'cheaper-local', ...known, cost };
}

/** No local time known: remote, and one local run once its guess is within bounds. */
function decideUnmeasuredLocal(
  input: DecisionInput,
  local: LocalView,
  remoteMs: number | null,
  load: number,
): Decision {
  const known = { localMs: null, remoteMs, cost: null };
  const guess = local.guessMs === null ? null : local.guessMs * load;
  const worthIt = guess !== null && remoteMs !== null && guess <= exploreRatio * remoteMs;
  const safe = input.deadlineMs === null || (guess !== null && guess * deadlineMargin <= input.deadlineMs);
  if (input.explore && input.remote.samples > 0 && worthIt && safe)
    return { where: 'local', code: 'explore-local', ...known };
  return { where: 'remote', code: 'unmeasured-remote', ...known };
}

function serverMeanMs(remote: RemoteView): number | null {
  if (remote.serverMs === null) return remote.predictedMs;
  if (remote.predictedMs === null) return remote.serverMs;
  const n = Math.min(remote.samples, maxWeight);
  return (priorWeight * remote.predictedMs + n * remote.serverMs) / (priorWeight + n);
}

function linkMs(remote: RemoteView): number {
  if (remote.bytesPerMs === null) return 0;
  return remote.upBytes / remote.bytesPerMs + remote.downBytes / remote.bytesPerMs;
}

function remoteTimeMs(remote: RemoteView, serverMs: number | null): number | null {
  if (serverMs === null) return null;
  return remote.placementMs + remote.rttMs + linkMs(remote) + serverMs;
}

function relativeCost(input: DecisionInput, localMs: number, remoteMs: number): number {
  const { power, energyWeight: w } = input;
  const transferMs = linkMs(input.remote);
  const localEnergy = power.computeW * localMs;
  const remoteEnergy = power.transferW * transferMs + power.idleW * (remoteMs - transferMs);
  // A task of no measurable length is never worth a message.
  if (localMs <= 0 || localEnergy <= 0) return 1 + hysteresis * 2;
  return (1 - w) * (remoteMs / localMs) + w * (remoteEnergy / localEnergy);
}

function mayExplore(input: DecisionInput): boolean {
  return input.explore && input.sinceExplore >= exploreEvery;
}

function isStale(ageMs: number | null): boolean {
  return ageMs === null || ageMs >= staleMs;
}
