import { describe, expect, it } from 'vitest';
import { predict } from '../../../lib/domain/queueing/predict.ts';
import { roundRobinVm } from '../../../lib/domain/queueing/round-robin.ts';
import { type Station, stationOf } from '../../../lib/domain/queueing/station.ts';
import { station, vms } from './support.ts';

/** E[n] of E_k/M/m by its phase chain (n, phase), solved by power iteration of the uniformised chain: the oracle. */
function phaseChain(arrivalRatePerS: number, phases: number, vm: Station): { inSystem: number; waiting: number } {
  const size = 120;
  const uniform = arrivalRatePerS + vm.capacityPerS;
  let p = new Float64Array(size * phases);
  p[0] = 1;
  for (let step = 0; step < 60_000; step++) {
    const next = new Float64Array(p.length);
    for (let n = 0; n < size; n++) {
      const down = Math.min(n, vm.servers) * vm.coreRatePerS;
      for (let j = 0; j < phases; j++) {
        const x = p[n * phases + j]!;
        if (x === 0) continue;
        const up = j < phases - 1 ? n * phases + j + 1 : Math.min(n + 1, size - 1) * phases;
        next[up]! += (x * arrivalRatePerS) / uniform;
        if (n > 0) next[(n - 1) * phases + j]! += (x * down) / uniform;
        next[n * phases + j]! += (x * (vm.capacityPerS - down)) / uniform;
      }
    }
    const change = next.reduce((most, x, i) => Math.max(most, Math.abs(x - p[i]!)), 0);
    p = next;
    if (change < 1e-14) break;
  }
  let inSystem = 0;
  let waiting = 0;
  p.forEach((x, i) => {
    const n = Math.floor(i / phases);
    inSystem += n * x;
    waiting += Math.max(0, n - vm.sharingLimit) * x;
  });
  return { inSystem, waiting };
}

describe('round robin', () => {
  it.each([
    { cores: 1, N: 2, C: 3, rho: 0.8 },
    { cores: 2, N: 4, C: 4, rho: 0.85 },
    { cores: 5, N: 3, C: 2, rho: 0.6 },
    { cores: 4, N: 4, C: 5, rho: 0.5 },
  ])('agrees with the phase chain: $cores cores, N=$N, $C VMs, rho=$rho', ({ cores, N, C, rho }) => {
    const vm = station(1.5, { cores, sharingLimit: N });
    const lambda = rho * C * vm.capacityPerS;
    const oracle = phaseChain(lambda, C, vm);
    const result = roundRobinVm(lambda, C, vm);
    expect(result.inSystem).toBeCloseTo(oracle.inSystem, 7);
    expect(result.waiting).toBeCloseTo(oracle.waiting, 7);
  });

  it('one VM in the cycle is M/M/m, removable singularity of the formula included', () => {
    // λ = 2 with 4 cores of rate 1: m(1-ω) = 2 is an integer.
    for (const lambda of [2, 2.3, 3.9]) {
      const pool = [vms(1, 1, { cores: 4 })];
      const even = predict({ pool, arrivalRatePerS: lambda, policy: 'even' });
      const cyclic = predict({ pool, arrivalRatePerS: lambda, policy: 'round-robin' });
      expect(cyclic.responseTimeS.mean).toBeCloseTo(even.responseTimeS.mean!, 8);
      expect(cyclic.responseTimeS.p95! / even.responseTimeS.p95!).toBeCloseTo(1, 2);
    }
  });

  it('many VMs approach deterministic arrivals: D/M/1 with ω = exp(-μ(1-ω)/λ)', () => {
    const vm = stationOf(vms(1, 1));
    const { decay, inSystem } = roundRobinVm(0.8 * 1e6, 1e6, vm);
    expect(decay).toBeCloseTo(Math.exp(-(1 - decay) / 0.8), 5);
    expect(inSystem / 0.8).toBeCloseTo(1 / (1 - decay), 5);
  });

  it('loads every VM of a mixed fleet alike and is unstable as soon as the slowest is overloaded', () => {
    const pool = [vms(1, 1), vms(1, 3)];
    const stable = predict({ pool, arrivalRatePerS: 1.9, policy: 'round-robin' });
    expect(stable.perVm.map((row) => row.arrivalRatePerS)).toEqual([0.95, 0.95]);
    expect(predict({ pool, arrivalRatePerS: 2, policy: 'round-robin' }).status).toBe('unstable');
  });
});
