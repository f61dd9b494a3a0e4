import type { ScalingDecision } from './threshold.ts';

/**
 * Target tracking on mean CPU utilization, as EC2 Auto Scaling documents it: one-minute data points, an alarm above the target
 * after 3 of them in a row, an alarm below 90 % of it after 15, capacity set in proportion to the metric, warming instances
 * counted as capacity but not in the metric, and no scale-in while instances warm up.
 */
export interface TargetTrackingRule {
  /** Mean utilization to hold, 0 to 1. */
  targetUtilization: number;
  minVms: number;
  maxVms: number;
  /** Data points in a row above the target, or below 90 % of it. */
  pointsOut: number;
  pointsIn: number;
}

export const EC2_TARGET_TRACKING = { periodS: 60, pointsOut: 3, pointsIn: 15 } as const;

/** Data points in a row so far. */
export interface TargetTrackingState {
  above: number;
  below: number;
}

export const initialTargetTracking: TargetTrackingState = { above: 0, below: 0 };

export interface UtilizationPoint {
  /** VMs in service; the metric is their mean. */
  ready: number;
  /** VMs booting or warming up. */
  warming: number;
  /** Mean over the last period; null when no VM reported. */
  utilization: number | null;
}

/** Takes one data point; the caller gives one per `EC2_TARGET_TRACKING.periodS`. */
export function targetTracking(
  rule: TargetTrackingRule,
  state: TargetTrackingState,
  point: UtilizationPoint,
): ScalingDecision & { state: TargetTrackingState } {
  const vms = point.ready + point.warming;
  const clamp = (desired: number) => Math.min(rule.maxVms, Math.max(rule.minVms, desired));
  const { utilization } = point;
  if (utilization === null) return { desired: clamp(vms), why: 'no data', state };
  const { targetUtilization } = rule;
  const above = utilization > targetUtilization ? state.above + 1 : 0;
  const below = utilization < 0.9 * targetUtilization ? state.below + 1 : 0;
  const next: TargetTrackingState = { above, below };
  const percent = `${Math.round(100 * utilization)} %`;
  if (above >= rule.pointsOut) {
    // Warming VMs are capacity already ordered: the proportion is taken over those that reported.
    const desired = Math.max(vms, Math.ceil((point.ready * utilization) / targetUtilization - 1e-9));
    return { desired: clamp(desired), why: `utilization ${percent} for ${above} points`, state: next };
  }
  if (below >= rule.pointsIn && point.warming === 0) {
    const desired = Math.min(vms, Math.ceil((point.ready * utilization) / targetUtilization - 1e-9));
    return { desired: clamp(desired), why: `utilization ${percent} for ${below} points`, state: { above, below: 0 } };
  }
  return { desired: clamp(vms), why: `utilization ${percent}`, state: next };
}
