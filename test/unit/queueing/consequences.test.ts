import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predict, predictMeanS } from '../../../lib/domain/queueing/predict.ts';
import type { Policy, VmGroup } from '../../../lib/domain/queueing/types.ts';
import { vms } from './support.ts';

/** What a straight reading of the paper misses; design: "The queueing model". */

const rates = fc.array(fc.double({ min: 0.5, max: 20, noNaN: true }), { minLength: 1, maxLength: 8 });

describe('effective capacity', () => {
  it('C/(Σμ - λ) ≤ R exactly when Σ(μ_i - 1/R) ≥ λ', () => {
    fc.assert(
      fc.property(
        rates,
        fc.double({ min: 0.05, max: 0.99, noNaN: true }),
        fc.double({ min: 0.1, max: 5, noNaN: true }),
        (mus, rho, R) => {
          const lambda = rho * mus.reduce((a, b) => a + b, 0);
          const worth = mus.reduce((sum, mu) => sum + mu - 1 / R, 0);
          fc.pre(Math.abs(worth - lambda) > 1e-6);
          const pool = mus.map((mu) => vms(1, mu));
          expect(predictMeanS({ pool, arrivalRatePerS: lambda, policy: 'capacity' }) <= R).toBe(worth >= lambda);
        },
      ),
    );
  });

  it('VMs with μ ≤ 1/R never turn a missed target into a met one, however many', () => {
    fc.assert(
      fc.property(rates, fc.double({ min: 0.01, max: 1, noNaN: true }), (mus, share) => {
        const R = 0.25;
        const lambda = 0.9 * mus.reduce((a, b) => a + b, 0);
        const pool = mus.map((mu) => vms(1, mu));
        fc.pre(predictMeanS({ pool, arrivalRatePerS: lambda, policy: 'capacity' }) > R);
        for (const count of [1, 10, 1000, 100_000]) {
          const more = [...pool, vms(count, share / R)];
          expect(predictMeanS({ pool: more, arrivalRatePerS: lambda, policy: 'capacity' })).toBeGreaterThan(R);
        }
      }),
    );
  });

  it('the capacity-based split is not the best static one', () => {
    const pool = [vms(1, 5), vms(1, 7)];
    const mean = (policy: Policy) => predictMeanS({ pool, arrivalRatePerS: 6, policy });
    expect(mean('sqrt')).toBeLessThan(mean('capacity') * 0.99);
  });
});

describe('half the rent: μ = 50/s, R = 35 ms, λ = 1000/s', () => {
  const fewest = (
    policy: Policy,
    more: { session?: { candidates: number; threshold: number; handoffS: number } } = {},
  ) => {
    for (let count = 1; ; count++) {
      if (predictMeanS({ pool: [vms(count, 50)], arrivalRatePerS: 1000, policy, ...more }) <= 0.035) return count;
    }
  };
  it.each([
    ['capacity', 47],
    ['even', 47],
    ['round-robin', 31],
    ['jsq', 22],
  ] as const)('%s needs %i VMs', (policy, count) => {
    expect(fewest(policy)).toBe(count);
  });
  it('a session ticket with 5 candidates and threshold 2 needs 25, with one candidate it is random: 47', () => {
    expect(fewest('session', { session: { candidates: 5, threshold: 2, handoffS: 0 } })).toBe(25);
    expect(fewest('session', { session: { candidates: 1, threshold: 2, handoffS: 0 } })).toBe(47);
  });
  it('20 VMs are the fluid bound: no policy is stable', () => {
    for (const policy of ['even', 'capacity', 'sqrt', 'round-robin', 'jsq'] as const) {
      expect(predict({ pool: [vms(20, 50)], arrivalRatePerS: 1000, policy }).status).toBe('unstable');
    }
  });
  it('the gain shrinks as the target loosens', () => {
    const ratio = (targetS: number) => {
      const need = (policy: Policy) => {
        for (let count = 21; ; count++) {
          if (predictMeanS({ pool: [vms(count, 50)], arrivalRatePerS: 1000, policy }) <= targetS) return count;
        }
      };
      return need('capacity') / need('jsq');
    };
    expect(ratio(0.035)).toBeGreaterThan(2);
    expect(ratio(0.2)).toBeLessThan(1.15);
  });
});

describe('multi-core VMs, networks and insensitivity', () => {
  it('1/μ_core is a floor that no fleet goes under', () => {
    const pool = [vms(1000, 10, { cores: 8 })];
    expect(predictMeanS({ pool, arrivalRatePerS: 1, policy: 'jsq' })).toBeCloseTo(0.1, 6);
  });

  it('the network is part of the response time only', () => {
    const near: VmGroup[] = [vms(4, 10)];
    const far = near.map((g) => ({ ...g, networkS: 0.08 }));
    for (const policy of ['even', 'capacity', 'sqrt', 'round-robin', 'jsq'] as const) {
      const a = predict({ pool: near, arrivalRatePerS: 20, policy });
      const b = predict({ pool: far, arrivalRatePerS: 20, policy });
      expect(b.responseTimeS.mean! - a.responseTimeS.mean!).toBeCloseTo(0.08, 9);
      expect(b.serviceTimeS.mean! + b.waitingTimeS.mean!).toBeCloseTo(a.responseTimeS.mean!, 9);
    }
  });

  it('PS without a limit is insensitive to the service distribution', () => {
    for (const serviceScv of [0, 0.5, 4, 20]) {
      const result = predict({
        pool: [vms(1, 5, { sharingLimit: 1_000_000 }), vms(2, 2, { cores: 4, sharingLimit: 1_000_000 })],
        arrivalRatePerS: 12,
        policy: 'capacity',
        serviceScv,
      });
      const exponential = predictMeanS({
        pool: [vms(1, 5, { sharingLimit: 1_000_000 }), vms(2, 2, { cores: 4, sharingLimit: 1_000_000 })],
        arrivalRatePerS: 12,
        policy: 'capacity',
      });
      expect(result.responseTimeS.mean).toBeCloseTo(exponential, 12);
      expect(result.method).toBe('exact');
    }
  });
});
