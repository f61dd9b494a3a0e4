/** Scaling on a response-time threshold, as in the IoT paper's front-end. */
export interface ThresholdRule {
  /** Add VMs when the mean response time of the last period is above this, seconds. */
  upperS: number;
  /** Take one away when it is below this, seconds. */
  lowerS: number;
  /** VMs added or taken away at a time. */
  step: number;
  minVms: number;
  maxVms: number;
}

export interface ThresholdObservation {
  /** VMs that serve now. */
  ready: number;
  booting: number;
  /** Mean over the last period, seconds; null when nothing finished in it. */
  meanResponseS: number | null;
  /** Requests present now: with none finished they tell a stall from silence. */
  present: number;
}

export interface ScalingDecision {
  /** VMs that there should be, booting ones included. */
  desired: number;
  why: string;
}

/**
 * One decision of the threshold rule. While VMs boot nothing is added, since what they will do is not yet seen (the IoT paper scales
 * one step at a time and waits); nothing is taken away either.
 */
export function thresholdScaling(rule: ThresholdRule, seen: ThresholdObservation): ScalingDecision {
  const vms = seen.ready + seen.booting;
  const decide = (desired: number, why: string): ScalingDecision => ({
    desired: Math.min(rule.maxVms, Math.max(rule.minVms, desired)),
    why,
  });
  if (seen.booting > 0) return decide(vms, `${seen.booting} still booting: wait to see their effect`);
  const response = seen.meanResponseS ?? (seen.present > 0 ? Number.POSITIVE_INFINITY : 0);
  if (response > rule.upperS) {
    return decide(vms + rule.step, `mean response ${format(response)} is above ${format(rule.upperS)}`);
  }
  if (response < rule.lowerS) {
    return decide(vms - rule.step, `mean response ${format(response)} is below ${format(rule.lowerS)}`);
  }
  return decide(vms, `mean response ${format(response)} is within bounds`);
}

function format(seconds: number): string {
  return Number.isFinite(seconds) ? `${Number(seconds.toPrecision(3))} s` : 'unknown (nothing finished)';
}
