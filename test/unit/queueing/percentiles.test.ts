import { describe, expect, it } from 'vitest';
import { invert } from '../../../lib/domain/queueing/laplace-inversion.ts';
import { predict, predictQuantileS } from '../../../lib/domain/queueing/predict.ts';
import { sojournTransform } from '../../../lib/domain/queueing/sojourn-transform.ts';
import { simulatePool } from '../../../lib/simulator/engine/simulate-pool.ts';
import { station, vms } from './support.ts';

describe('sojourn in limited processor sharing', () => {
  it('N = 1 is first come first served: exponential with rate μ - λ', () => {
    for (const p of [0.5, 0.95, 0.99]) {
      const time = predictQuantileS({ pool: [vms(1, 5, { sharingLimit: 1 })], arrivalRatePerS: 4, policy: 'even' }, p);
      expect(time * -1 * (5 - 4)).toBeCloseTo(Math.log(1 - p), 1);
      expect(time / (-Math.log(1 - p) / (5 - 4))).toBeCloseTo(1, 2);
    }
  });

  it('N = ∞ has the variance of M/M/1-PS: SCV (2 + ρ)/(2 - ρ) (Coffman, Muntz & Trotter 1970)', () => {
    for (const rho of [0.3, 0.7, 0.9]) {
      const { scv, mean } = invert(
        sojournTransform([5 * rho], station(5, { sharingLimit: 1_000_000 }))!,
        1 / (5 - 5 * rho),
      );
      expect(mean).toBeCloseTo(1 / (5 - 5 * rho), 4);
      expect(scv).toBeCloseTo((2 + rho) / (2 - rho), 2);
    }
  });

  it('an idle multi-core VM takes exponential service time', () => {
    const pool = [vms(1, 2, { cores: 8 })];
    expect(predictQuantileS({ pool, arrivalRatePerS: 1e-6, policy: 'even' }, 0.95)).toBeCloseTo(-Math.log(0.05) / 2, 3);
  });

  it.each([
    { cores: 1, N: 4, rho: 0.8 },
    { cores: 1, N: 1000, rho: 0.8 },
    { cores: 4, N: 2, rho: 0.7 },
    { cores: 4, N: 8, rho: 0.85 },
  ])('agrees with simulation: $cores cores, N=$N, rho=$rho', ({ cores, N, rho }) => {
    const pool = [vms(1, 1, { cores, sharingLimit: N })];
    const arrivalRatePerS = rho * Math.min(cores, N);
    const run = simulatePool({
      pool,
      arrivalRatePerS,
      dispatch: { policy: 'even' },
      requests: 150_000,
      replications: 8,
    });
    const model = predict({ pool, arrivalRatePerS, policy: 'even' });
    for (const p of ['p50', 'p95', 'p99'] as const) {
      const tolerance = 1.5 * run.responseTimeS.ci95[p] + 0.01 * run.responseTimeS[p];
      expect(Math.abs(model.responseTimeS[p]! - run.responseTimeS[p]), p).toBeLessThan(tolerance);
    }
  });

  it('differs from FCFS: p95 grows with N at the same mean', () => {
    const at = (sharingLimit: number) =>
      predict({ pool: [vms(1, 1, { sharingLimit })], arrivalRatePerS: 0.8, policy: 'even' }).responseTimeS;
    expect(at(64).mean).toBeCloseTo(at(1).mean!, 9);
    expect(at(64).p95!).toBeGreaterThan(1.2 * at(1).p95!);
    expect(at(64).p50!).toBeLessThan(0.8 * at(1).p50!);
  });

  it('mixes groups with their network times', () => {
    const { responseTimeS } = predict({
      pool: [vms(1, 1000, { networkS: 1 }), vms(1, 1000, { networkS: 2 })],
      arrivalRatePerS: 10,
      policy: 'even',
    });
    expect(responseTimeS.p95!).toBeGreaterThan(2);
    expect(responseTimeS.p95!).toBeLessThan(2.01);
    expect(responseTimeS.p50!).toBeGreaterThan(1);
    expect(responseTimeS.p50!).toBeLessThan(2.001);
  });
});

describe('inversion of transforms', () => {
  it('inverts an exponential and an Erlang-30 at all times to 1e-3', () => {
    const exponential = (s: { re: number; im: number }) => {
      const size = (1 + s.re) ** 2 + s.im ** 2;
      return { re: (1 + s.re) / size, im: -s.im / size };
    };
    const erlang = (s: { re: number; im: number }) => {
      const modulus = (1 + s.re / 30) ** 2 + (s.im / 30) ** 2;
      const angle = -30 * Math.atan2(s.im / 30, 1 + s.re / 30);
      return { re: modulus ** -15 * Math.cos(angle), im: modulus ** -15 * Math.sin(angle) };
    };
    const erlangSurvival = (t: number) => {
      let term = Math.exp(-30 * t);
      let sum = term;
      for (let k = 1; k < 30; k++) {
        term *= (30 * t) / k;
        sum += term;
      }
      return sum;
    };
    for (const t of [0.05, 0.3, 0.8, 1, 1.3, 2, 4]) {
      expect(Math.abs(invert(exponential, 1).survivalAt(t) - Math.exp(-t))).toBeLessThan(1e-3);
      expect(Math.abs(invert(erlang, 1).survivalAt(t) - erlangSurvival(t))).toBeLessThan(1e-3);
    }
  });
});
