import { describe, expect, it } from 'vitest';
import { solveLevels } from '../../../lib/domain/queueing/birth-death.ts';
import {
  limitedSharingNumbers,
  limitedSharingResponseTimeS,
  marginalDelayS,
} from '../../../lib/domain/queueing/limited-sharing.ts';
import { bruteForce, station } from './support.ts';

describe('M/M/1-LPS: equations 1-3 of the OaaS paper', () => {
  it.each([
    { mu: 5, lambda: 3, N: 1 },
    { mu: 5, lambda: 3, N: 2 },
    { mu: 7, lambda: 6.5, N: 4 },
    { mu: 50, lambda: 10, N: 16 },
  ])('mu=$mu lambda=$lambda N=$N', ({ mu, lambda, N }) => {
    const rho = lambda / mu;
    const numbers = limitedSharingNumbers(lambda, station(mu, { sharingLimit: N }));
    expect((numbers.inSystem - numbers.waiting) / lambda).toBeCloseTo((1 - rho ** N) / (mu - lambda), 12);
    expect(numbers.waiting / lambda).toBeCloseTo(rho ** N / (mu - lambda), 12);
    expect(numbers.inSystem / lambda).toBeCloseTo(1 / (mu - lambda), 12);
  });
});

describe('M/M/m-LPS', () => {
  const cases = [
    { cores: 4, N: 16, rho: 0.7 },
    { cores: 4, N: 2, rho: 0.7 },
    { cores: 16, N: 16, rho: 0.95 },
    { cores: 3, N: 32, rho: 0.2 },
  ];
  it.each(cases)('agrees with the chain solved by brute force: $cores cores, N=$N, rho=$rho', ({ cores, N, rho }) => {
    const vm = station(2.5, { cores, sharingLimit: N });
    const lambda = rho * vm.capacityPerS;
    const oracle = bruteForce(() => lambda, vm);
    const numbers = limitedSharingNumbers(lambda, vm);
    expect(numbers.inSystem).toBeCloseTo(oracle.inSystem, 9);
    expect(numbers.waiting).toBeCloseTo(oracle.waiting, 9);
    expect(limitedSharingResponseTimeS(lambda, vm)).toBeCloseTo(oracle.inSystem / lambda, 9);
    const levels = solveLevels([lambda], vm)!;
    expect(levels.inSystem).toBeCloseTo(oracle.inSystem, 9);
    expect(levels.waiting).toBeCloseTo(oracle.waiting, 9);
    expect(levels.throughputPerS).toBeCloseTo(lambda, 9);
  });

  it.each(cases)('marginal delay is the derivative of E[n]: $cores cores, rho=$rho', ({ cores, N, rho }) => {
    const vm = station(2.5, { cores, sharingLimit: N });
    const lambda = rho * vm.capacityPerS;
    const h = 1e-5 * lambda;
    const slope =
      (limitedSharingNumbers(lambda + h, vm).inSystem - limitedSharingNumbers(lambda - h, vm).inSystem) / (2 * h);
    expect(marginalDelayS(lambda, vm) / slope).toBeCloseTo(1, 6);
  });

  it('has no stationary distribution from full load on', () => {
    const vm = station(2, { cores: 2 });
    expect(limitedSharingNumbers(4, vm).inSystem).toBe(Number.POSITIVE_INFINITY);
    expect(solveLevels([4], vm)).toBeUndefined();
  });

  it('solves state-dependent arrivals, waiting beyond the listed levels included', () => {
    const vm = station(1, { cores: 2, sharingLimit: 9 });
    const rates = [3, 2.5, 1.5, 1.2];
    const oracle = bruteForce((n) => rates[Math.min(n, 3)]!, vm);
    const levels = solveLevels(rates, vm)!;
    expect(levels.inSystem).toBeCloseTo(oracle.inSystem, 10);
    expect(levels.waiting).toBeCloseTo(oracle.waiting, 10);
    expect(levels.throughputPerS).toBeCloseTo(oracle.throughputPerS, 10);
  });
});
