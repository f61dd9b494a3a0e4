import type { ScalingDecision } from './threshold.ts';

/**
 * Scaling on concurrency with a panic window, as the Knative pod autoscaler (KPA) does it: the mean number of requests in the system
 * over a stable window of 60 s decides, unless the mean over a panic window of 6 s asks for twice the ready VMs or more; then the panic
 * window decides, and nothing is taken away until a whole stable window has passed without panic.
 */
export interface ConcurrencyRule {
  /** Requests in the system per VM to hold. */
  targetPerVm: number;
  minVms: number;
  maxVms: number;
  /** Panic when the panic window asks for this many times the ready VMs. */
  panicThreshold: number;
  stableWindowS: number;
  panicWindowS: number;
  /** At most this factor fewer VMs per decision. */
  maxScaleDownRate: number;
}

export const KNATIVE_CONCURRENCY = {
  tickS: 2,
  stableWindowS: 60,
  panicWindowS: 6,
  panicThreshold: 2,
  maxScaleDownRate: 2,
} as const;

export interface ConcurrencyState {
  /** When panic was last confirmed, seconds; null when calm. */
  panicAtS: number | null;
  /** Most VMs asked for during this panic. */
  panicVms: number;
}

export const initialConcurrency: ConcurrencyState = { panicAtS: null, panicVms: 0 };

export interface ConcurrencyObservation {
  nowS: number;
  ready: number;
  /** Mean number of requests in the system over the two windows. */
  stableMean: number;
  panicMean: number;
}

/** One decision; the caller makes one every `KNATIVE_CONCURRENCY.tickS`. */
export function concurrencyScaling(
  rule: ConcurrencyRule,
  state: ConcurrencyState,
  seen: ConcurrencyObservation,
): ScalingDecision & { state: ConcurrencyState } {
  const ready = Math.max(1, seen.ready);
  const wanted = (mean: number) =>
    Math.max(Math.ceil(mean / rule.targetPerVm - 1e-9), Math.floor(seen.ready / rule.maxScaleDownRate));
  const stable = wanted(seen.stableMean);
  const panic = wanted(seen.panicMean);
  const clamp = (desired: number) => Math.min(rule.maxVms, Math.max(rule.minVms, desired));
  const over = panic / ready >= rule.panicThreshold;
  const calmedDown = state.panicAtS !== null && seen.nowS - state.panicAtS > rule.stableWindowS;
  if (over || (state.panicAtS !== null && !calmedDown)) {
    const panicVms = Math.max(state.panicVms, panic, seen.ready);
    return {
      desired: clamp(panicVms),
      why: over ? `panic: ${rule.panicWindowS} s window asks for ${panic} of ${seen.ready}` : 'panic not over yet',
      state: { panicAtS: over ? seen.nowS : state.panicAtS, panicVms },
    };
  }
  return {
    desired: clamp(stable),
    why: `${rule.stableWindowS} s window asks for ${stable}`,
    state: initialConcurrency,
  };
}
