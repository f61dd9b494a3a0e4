import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advanceAgents } from '../../../lib/domain/scaling/agent-counters.ts';
import {
  addDifference,
  countResponse,
  quantileMs,
  type ResponseBuckets,
} from '../../../lib/domain/scaling/response-buckets.ts';

const counted = (times: readonly number[]): ResponseBuckets => {
  const buckets: ResponseBuckets = {};
  for (const ms of times) countResponse(buckets, ms);
  return buckets;
};

describe('response buckets', () => {
  it('give back any quantile within the width of a bucket', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (times, q) => {
          const sorted = [...times].sort((a, b) => a - b);
          const exact = sorted[Math.ceil(q * sorted.length) - 1]!;
          const found = quantileMs(counted(times), q)!;
          expect(found / exact).toBeGreaterThan(1 / 1.16);
          expect(found / exact).toBeLessThan(1.16);
        },
      ),
    );
  });

  it('subtract to what happened in between, the network added', () => {
    const before = counted([10, 10, 900]);
    const now = counted([10, 10, 900, 50, 50, 50]);
    const between: ResponseBuckets = {};
    addDifference(between, before, now, 0);
    expect(between).toEqual(counted([50, 50, 50]));
    const far: ResponseBuckets = {};
    addDifference(far, before, now, 100);
    expect(quantileMs(far, 0.5)!).toBeGreaterThan(150 / 1.2);
    expect(quantileMs(far, 0.5)!).toBeLessThan(150 * 1.2);
  });

  it('know nothing of nothing', () => {
    expect(quantileMs({}, 0.95)).toBeNull();
  });

  it('become the 95th percentile of a window over all agents', () => {
    const report = (vmId: string, times: number[]) => ({
      vmId,
      bootNonce: 'a',
      completed: times.length,
      refused: 0,
      present: 0,
      responseSumMs: times.reduce((sum, ms) => sum + ms, 0),
      responseBuckets: counted(times),
      networkMs: 0,
    });
    const first = advanceAgents({}, [report('a', [5_000]), report('b', [5_000])]);
    const quick = Array.from({ length: 19 }, () => 100);
    const second = advanceAgents(first.cursor, [report('a', [5_000, ...quick]), report('b', [5_000, 2_000])]);
    expect(second.window.responseCount).toBe(20);
    expect(second.window.p95ResponseMs).toBeGreaterThan(90);
    expect(second.window.p95ResponseMs).toBeLessThan(120);
  });
});
