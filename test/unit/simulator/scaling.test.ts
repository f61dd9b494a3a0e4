import { describe, expect, it } from 'vitest';
import {
  concurrencyScaling,
  initialConcurrency,
  KNATIVE_CONCURRENCY,
} from '../../../lib/domain/scaling/concurrency.ts';
import {
  EC2_TARGET_TRACKING,
  initialTargetTracking,
  targetTracking,
} from '../../../lib/domain/scaling/target-tracking.ts';
import { thresholdScaling } from '../../../lib/domain/scaling/threshold.ts';

describe('response-time threshold', () => {
  const rule = { upperS: 1, lowerS: 0.4, step: 2, minVms: 1, maxVms: 6 };
  const decide = (ready: number, booting: number, meanResponseS: number | null, present = 0) =>
    thresholdScaling(rule, { ready, booting, meanResponseS, present }).desired;

  it('adds above, takes away below, holds in between', () => {
    expect(decide(2, 0, 1.2)).toBe(4);
    expect(decide(4, 0, 0.3)).toBe(2);
    expect(decide(4, 0, 0.7)).toBe(4);
  });
  it('waits for VMs that boot', () => expect(decide(2, 1, 5)).toBe(3));
  it('stays within its limits', () => {
    expect(decide(5, 0, 9)).toBe(6);
    expect(decide(2, 0, 0.1)).toBe(1);
  });
  it('takes a stall (requests present, none finished) for slow, and silence for idle', () => {
    expect(decide(2, 0, null, 10)).toBe(4);
    expect(decide(4, 0, null, 0)).toBe(2);
  });
});

describe('target tracking', () => {
  const { pointsOut, pointsIn } = EC2_TARGET_TRACKING;
  const rule = { targetUtilization: 0.5, minVms: 1, maxVms: 100, pointsOut, pointsIn };
  const feed = (points: { ready: number; warming: number; utilization: number | null }[]) => {
    let state = initialTargetTracking;
    return points.map((point) => {
      const decision = targetTracking(rule, state, point);
      state = decision.state;
      return decision.desired;
    });
  };
  const high = { ready: 10, warming: 0, utilization: 0.8 };
  const low = { ready: 10, warming: 0, utilization: 0.2 };

  it('scales out in proportion after three points in a row', () =>
    expect(feed([high, high, high])).toEqual([10, 10, 16]));
  it('a single point below resets the count', () => {
    expect(feed([high, high, { ...high, utilization: 0.5 }, high, high])).toEqual([10, 10, 10, 10, 10]);
  });
  it('counts warming VMs as ordered already', () => {
    expect(feed([high, high, { ...high, warming: 6 }]).at(-1)).toBe(16);
  });
  it('scales in after fifteen points below 90 % of the target, and not while VMs warm up', () => {
    expect(feed(Array.from({ length: 15 }, () => low)).slice(-2)).toEqual([10, 4]);
    expect(feed(Array.from({ length: 15 }, () => ({ ...low, warming: 1 }))).at(-1)).toBe(11);
    expect(feed(Array.from({ length: 20 }, () => ({ ...low, utilization: 0.47 }))).at(-1)).toBe(10);
  });
  it('holds without data', () => expect(feed([{ ready: 3, warming: 1, utilization: null }])).toEqual([4]));
});

describe('concurrency with a panic window', () => {
  const rule = { ...KNATIVE_CONCURRENCY, targetPerVm: 2, minVms: 1, maxVms: 50 };
  const at = (nowS: number, ready: number, stableMean: number, panicMean: number) => ({
    nowS,
    ready,
    stableMean,
    panicMean,
  });

  it('follows the stable window when calm', () => {
    expect(concurrencyScaling(rule, initialConcurrency, at(0, 5, 12, 14)).desired).toBe(6);
  });
  it('follows the panic window when it asks for twice what is ready', () => {
    const panic = concurrencyScaling(rule, initialConcurrency, at(0, 5, 12, 20));
    expect(panic.desired).toBe(10);
    expect(panic.state.panicAtS).toBe(0);
  });
  it('takes nothing away until a stable window has passed without panic', () => {
    const panic = concurrencyScaling(rule, initialConcurrency, at(0, 5, 12, 20));
    const later = concurrencyScaling(rule, panic.state, at(59, 10, 4, 4));
    expect(later.desired).toBe(10);
    const after = concurrencyScaling(rule, later.state, at(61, 10, 4, 4));
    expect(after.desired).toBe(5); // at most by half at once
    expect(after.state.panicAtS).toBeNull();
  });
  it('stays within its limits', () => {
    expect(concurrencyScaling(rule, initialConcurrency, at(0, 40, 1000, 1000)).desired).toBe(50);
    expect(concurrencyScaling(rule, initialConcurrency, at(0, 1, 0, 0)).desired).toBe(1);
  });
});
