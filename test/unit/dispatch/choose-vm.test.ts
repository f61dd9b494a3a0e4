import { describe, expect, it } from 'vitest';
import { type ChoiceVm, chooseVm, delayOf } from '../../../lib/domain/dispatch/choose-vm.ts';
import { cheapestGroup } from '../../../lib/domain/dispatch/classify.ts';
import { sessionCandidates } from '../../../lib/domain/dispatch/session-candidates.ts';

const vm = (overrides: Partial<ChoiceVm> = {}): ChoiceVm => ({
  present: 0,
  admissionLimit: 10,
  coreRatePerS: 10,
  parallelism: 1,
  serviceRatePerS: 10,
  networkS: 0,
  ...overrides,
});

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Shares of `draws` choices per VM. */
function shares(policy: Parameters<typeof chooseVm>[0], vms: ChoiceVm[], draws = 20_000): number[] {
  const random = seeded(7);
  const cursor = { turn: 0 };
  const counts = vms.map(() => 0);
  for (let i = 0; i < draws; i++) counts[chooseVm(policy, vms, cursor, random)]!++;
  return counts.map((count) => count / draws);
}

/** Half width of a 99.9 % interval of a share. */
const tolerance = (p: number, draws = 20_000) => 3.3 * Math.sqrt((p * (1 - p)) / draws);

describe('chooseVm', () => {
  it('jsq takes the least delay, counting cores, speed and distance', () => {
    const idleFar = vm({ networkS: 0.15 });
    const busyNear = vm({ present: 1 });
    const busyTwoCores = vm({ present: 1, parallelism: 2 });
    expect(chooseVm('jsq', [idleFar, busyNear, busyTwoCores], { turn: 0 }, Math.random)).toBe(2);
    expect(delayOf(busyNear)).toBeCloseTo(0.2);
    expect(delayOf(idleFar)).toBeCloseTo(0.25);
  });

  it('jsq breaks ties uniformly', () => {
    for (const share of shares('jsq', [vm(), vm(), vm({ present: 1 }), vm()])) {
      if (share !== 0) expect(Math.abs(share - 1 / 3)).toBeLessThan(tolerance(1 / 3));
    }
  });

  it('even gives every VM the same share, capacity a share by rate (OaaS paper, p_i = 1/C and μ_i/Σμ)', () => {
    const vms = [vm({ serviceRatePerS: 5 }), vm({ serviceRatePerS: 7 }), vm({ serviceRatePerS: 8 })];
    shares('even', vms).forEach((share) => {
      expect(Math.abs(share - 1 / 3)).toBeLessThan(tolerance(1 / 3));
    });
    shares('capacity', vms).forEach((share, i) => {
      const p = vms[i]!.serviceRatePerS / 20;
      expect(Math.abs(share - p)).toBeLessThan(tolerance(p));
    });
  });

  it('even and capacity share what is left among the VMs with room', () => {
    const full = vm({ present: 10, serviceRatePerS: 80 });
    const vms = [full, vm({ serviceRatePerS: 5 }), full, vm({ serviceRatePerS: 15 }), full];
    for (const [policy, p] of [
      ['even', 1 / 2],
      ['capacity', 1 / 4],
    ] as const) {
      const got = shares(policy, vms);
      expect(Math.abs(got[1]! - p)).toBeLessThan(tolerance(p));
      expect(got[1]! + got[3]!).toBeCloseTo(1);
    }
  });

  it('round robin takes turns and passes over full VMs', () => {
    const vms = [vm(), vm({ present: 10 }), vm()];
    const cursor = { turn: 0 };
    const turns = Array.from({ length: 6 }, () => chooseVm('round-robin', vms, cursor, Math.random));
    expect(turns).toEqual([0, 2, 0, 2, 0, 2]);
  });

  it.each(['jsq', 'round-robin', 'even', 'capacity'] as const)('%s sends nothing to a full pool', (policy) => {
    expect(chooseVm(policy, [vm({ present: 10 }), vm({ admissionLimit: 0 })], { turn: 0 }, Math.random)).toBe(-1);
    expect(chooseVm(policy, [], { turn: 0 }, Math.random)).toBe(-1);
  });
});

describe('sessionCandidates', () => {
  it('names distinct VMs with room and spreads first choices exactly by rate', () => {
    const vms = [
      vm({ serviceRatePerS: 10 }),
      vm({ serviceRatePerS: 20 }),
      vm({ serviceRatePerS: 10 }),
      vm({ present: 10 }),
    ];
    const ids = ['a', 'b', 'c', 'full'];
    const credit = new Map<string, number>();
    const random = seeded(3);
    const firsts = [0, 0, 0, 0];
    for (let i = 0; i < 400; i++) {
      const chosen = sessionCandidates(vms, ids, 3, credit, random);
      expect(new Set(chosen).size).toBe(3);
      expect(chosen).not.toContain(3);
      firsts[chosen[0]!]!++;
    }
    expect(firsts).toEqual([100, 200, 100, 0]);
    expect(sessionCandidates([vm({ present: 10 })], ['x'], 3, credit, random)).toEqual([]);
  });

  it.each([
    [3, [0, 2, 1]],
    [4, [0, 2, 3, 1]],
  ])('of %i puts the one drawn second last, where it keeps what nobody has room for', (candidates, order) => {
    const vms = [vm(), vm(), vm(), vm()];
    // Always the first of those left.
    expect(sessionCandidates(vms, ['a', 'b', 'c', 'd'], candidates, new Map(), () => 0)).toEqual(order);
  });
});

describe('cheapestGroup', () => {
  const group = (id: string, memoryMiB: number, priceUsdPerHour: number | null) => ({
    id,
    runtimes: ['node'],
    os: 'linux',
    memoryMiB,
    vcpus: 2,
    priceUsdPerHour,
  });
  const needs = { runtime: 'node', os: 'linux', memoryMiB: 500, vcpus: 1 };

  it('takes the cheapest adequate group, the smallest where prices are not known', () => {
    const groups = [group('tiny', 100, 0.01), group('dear', 600, 0.5), group('cheap', 2_000, 0.2)];
    expect(cheapestGroup(needs, groups)?.id).toBe('cheap');
    expect(cheapestGroup(needs, [group('big', 900, null), group('small', 600, null)])?.id).toBe('small');
    expect(cheapestGroup({ ...needs, memoryMiB: 2_000, vcpus: 2 }, groups)?.id).toBe('cheap');
    expect(cheapestGroup({ ...needs, memoryMiB: 2_001 }, groups)).toBeNull();
    expect(cheapestGroup({ ...needs, vcpus: 3 }, groups)).toBeNull();
    expect(cheapestGroup({ ...needs, os: 'other' }, groups)).toBeNull();
  });
});
