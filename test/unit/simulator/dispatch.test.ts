import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { delayIndex } from '../../../lib/domain/dispatch/delay-index.ts';
import { sessionCandidates } from '../../../lib/domain/dispatch/session-candidates.ts';
import { splitArrivalRate } from '../../../lib/domain/queueing/static-split.ts';
import { stationOf } from '../../../lib/domain/queueing/station.ts';
import { Fleet } from '../../../lib/simulator/engine/fleet.ts';
import type { SimulatedPolicy } from '../../../lib/simulator/engine/policies/policy.ts';
import { SessionDispatcher } from '../../../lib/simulator/engine/policies/session.ts';
import { ShortestDelayIndex } from '../../../lib/simulator/engine/policies/shortest-delay-index.ts';
import { UniformStream } from '../../../lib/simulator/engine/rng.ts';
import { type PoolSimulation, simulatePool } from '../../../lib/simulator/engine/simulate-pool.ts';
import { agrees, erlangB, erlangC, expectAgreement, vms } from './support.ts';
import { twoVmMeanResponseS } from './two-vm-chain.ts';

const run = (input: Partial<PoolSimulation> & Pick<PoolSimulation, 'pool' | 'arrivalRatePerS' | 'dispatch'>) =>
  simulatePool({ seed: 7, requests: 60_000, replications: 10, ...input });

describe('static splits', () => {
  const pool = [vms(1, 5, { sharingLimit: 2 }), vms(1, 7, { sharingLimit: 2 })];
  const exact = (shares: readonly number[]) =>
    shares.reduce((sum, p, i) => sum + p / (pool[i]!.serviceRatePerS - p * 8), 0);

  it.each([
    ['even', [0.5, 0.5]],
    ['capacity', [5 / 12, 7 / 12]],
    ['sqrt', splitArrivalRate(pool.map(stationOf), 8, 'sqrt').map((rate) => rate / 8)],
  ] as const)('%s has the mean response of equations 4-10', (policy, shares) => {
    const { responseTimeS, perVm } = run({ pool, arrivalRatePerS: 8, dispatch: { policy }, requests: 200_000 });
    expectAgreement(responseTimeS.mean, responseTimeS.ci95.mean, exact(shares));
    expect(perVm[0]!.arrivalRatePerS / 8).toBeCloseTo(shares[0]!, 1);
  });

  it('no other split beats the square-root rule, and slow VMs are left out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.5, max: 50, noNaN: true }), { minLength: 2, maxLength: 8 }),
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.integer({ min: 0, max: 6 }),
        (rates, rho, other) => {
          const lambda = rho * rates.reduce((a, b) => a + b, 0);
          const of = (shares: ArrayLike<number>) =>
            rates.reduce((sum, mu, i) => sum + shares[i]! / (mu - shares[i]! * lambda), 0);
          const stations = rates.map((rate) => stationOf(vms(1, rate, {})));
          const best = splitArrivalRate(stations, lambda, 'sqrt').map((rate) => rate / lambda);
          expect(best.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
          // Moving a little load between any two VMs must not help.
          const from = other % rates.length;
          const to = (other + 1) % rates.length;
          const moved = Float64Array.from(best);
          const step = Math.min(1e-4, best[from]!);
          moved[from] = moved[from]! - step;
          moved[to] = moved[to]! + step;
          if (moved[to]! * lambda < rates[to]!) expect(of(moved)).toBeGreaterThanOrEqual(of(best) * (1 - 1e-9));
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe('join the shortest queue', () => {
  const chain = (rates: [number, number], lambda: number, networkS: [number, number] = [0, 0]) =>
    twoVmMeanResponseS(
      [
        { rate: rates[0], networkS: networkS[0] },
        { rate: rates[1], networkS: networkS[1] },
      ],
      lambda,
      (present, vm) => delayIndex(present, vm.rate, 1, vm.networkS),
    );

  it.each(['exponential', 'general'] as const)('two equal VMs: the exactly solved chain, %s kernel', (kernel) => {
    const dispatch = { policy: 'jsq' } as const;
    const { responseTimeS } = run({ pool: [vms(2, 10)], arrivalRatePerS: 16, dispatch, kernel, requests: 150_000 });
    const theory = chain([10, 10], 16);
    expectAgreement(responseTimeS.mean, responseTimeS.ci95.mean, theory);
    expect(agrees(responseTimeS.mean, responseTimeS.ci95.mean, erlangC(1.6, 2) / 4 + 0.1), 'not M/M/2').toBe(false);
  });

  it.each([
    [[5, 10], [0, 0], 10],
    [[4, 10], [0, 0.05], 9],
  ] as [[number, number], [number, number], number][])('speeds %o with network times %o', (rates, network, lambda) => {
    const pool = rates.map((rate, i) => vms(1, rate, { networkS: network[i]! }));
    const { responseTimeS } = run({ pool, arrivalRatePerS: lambda, dispatch: { policy: 'jsq' }, requests: 150_000 });
    expectAgreement(responseTimeS.mean, responseTimeS.ci95.mean, chain(rates, lambda, network));
  });

  it('is near-insensitive to the service distribution, as Gupta et al. 2007 found', () => {
    const mean = (demand: PoolSimulation['demand']) =>
      run({
        pool: [vms(10, 10)],
        arrivalRatePerS: 90,
        dispatch: { policy: 'jsq' },
        requests: 150_000,
        replications: 4,
        ...(demand && { demand }),
      }).responseTimeS.mean;
    const exponential = mean({ distribution: 'exponential' });
    for (const demand of [{ distribution: 'deterministic' }, { distribution: 'lognormal', scv: 4 }] as const) {
      expect(Math.abs(mean(demand) / exponential - 1)).toBeLessThan(0.04);
    }
  });

  it('always finds a VM of least delay index, and every such VM equally often (against a scan)', () => {
    const vm = fc.record({
      coreRatePerS: fc.constantFrom(5, 10, 20),
      cores: fc.integer({ min: 1, max: 3 }),
      sharingLimit: fc.integer({ min: 1, max: 4 }),
      networkS: fc.constantFrom(0, 0.05, 0.1),
      queueLimit: fc.constantFrom(1, 3),
    });
    fc.assert(
      fc.property(
        fc.array(vm, { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 60 }),
        (specs, moves) => {
          const fleet = new Fleet();
          for (const spec of specs) fleet.add(spec);
          const index = new ShortestDelayIndex(fleet, new UniformStream(1, 0, 3));
          index.rebuild(fleet.present);
          for (const move of moves) {
            const least = bestByScan(fleet);
            const chosen = index.choose();
            if (least.length === 0) expect(chosen).toBe(-1);
            else expect(least).toContain(chosen);
            // Mostly arrivals at the chosen VM, sometimes a departure somewhere.
            const busy = Array.from({ length: fleet.size }, (_, i) => i).filter((i) => fleet.present[i]! > 0);
            const changed = (move < 60 && chosen >= 0) || busy.length === 0 ? chosen : busy[move % busy.length]!;
            if (changed < 0) continue;
            fleet.present[changed] = fleet.present[changed]! + (changed === chosen && move < 60 ? 1 : -1);
            if (fleet.present[changed]! < 0) fleet.present[changed] = 0;
            index.update(changed, fleet.present[changed]!);
          }
        },
      ),
      { numRuns: 300, seed: 2 },
    );
  });

  it('breaks ties uniformly, between classes too', () => {
    const fleet = new Fleet();
    const common = { networkS: 0, queueLimit: 0, sharingLimit: 4 };
    for (let i = 0; i < 3; i++) fleet.add({ ...common, coreRatePerS: 10, cores: 1 });
    fleet.add({ ...common, coreRatePerS: 10, cores: 2 });
    const index = new ShortestDelayIndex(fleet, new UniformStream(1, 0, 3));
    index.rebuild(fleet.present);
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 40_000; i++) counts[index.choose()]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });
});

function bestByScan(fleet: Fleet): number[] {
  const delays = Array.from({ length: fleet.size }, (_, i) =>
    fleet.present[i]! >= fleet.limit[i]!
      ? Number.POSITIVE_INFINITY
      : delayIndex(fleet.present[i]!, fleet.coreRate[i]!, fleet.parallelism[i]!, fleet.networkS[i]!),
  );
  const least = Math.min(...delays);
  if (least === Number.POSITIVE_INFINITY) return [];
  return delays.flatMap((d, i) => (Math.abs(d - least) < 1e-9 ? [i] : []));
}

describe('the other policies', () => {
  it('round robin over C VMs is C separate E_C/M/1 queues', () => {
    const { responseTimeS } = run({
      pool: [vms(4, 10, { sharingLimit: 1 })],
      arrivalRatePerS: 32,
      dispatch: { policy: 'round-robin' },
      requests: 150_000,
    });
    // G/M/1 root with Erlang-4 gaps of rate 32 per stage.
    let sigma = 0.5;
    for (let i = 0; i < 500; i++) sigma = (32 / (32 + 10 * (1 - sigma))) ** 4;
    expectAgreement(responseTimeS.mean, responseTimeS.ci95.mean, 1 / (10 * (1 - sigma)));
  });

  it.each([
    [0.7, 1.6145],
    [0.9, 2.6141],
  ])('two choices reach the supermarket limit at rho %d (Mitzenmacher 2001: %d)', (rho, published) => {
    let series = 0;
    for (let i = 1; i < 40; i++) series += rho ** (2 ** i - 2);
    expect(series).toBeCloseTo(published, 3);
    const { responseTimeS } = run({
      pool: [vms(1000, 1)],
      arrivalRatePerS: 1000 * rho,
      dispatch: { policy: 'power-of-choices', choices: 2 },
      requests: 150_000,
      warmup: 100_000,
      replications: 4,
    });
    expect(Math.abs(responseTimeS.mean / series - 1)).toBeLessThan(0.015);
  });

  it('takes the VMs that the design names at mu 50, R 35 ms, lambda 1000: JSQ 22, session 25, round robin 31, random 47', () => {
    const session = { policy: 'session', session: { candidates: 5, threshold: 2, handoffS: 0 } } as const;
    const cases: [SimulatedPolicy, number][] = [
      [{ policy: 'jsq' }, 22],
      [session, 25],
      [{ policy: 'round-robin' }, 31],
    ];
    for (const [dispatch, count] of cases) {
      const mean = (n: number) =>
        run({ pool: [vms(n, 50)], arrivalRatePerS: 1000, dispatch, requests: 100_000, replications: 4 }).responseTimeS
          .mean;
      expect(mean(count)).toBeLessThan(0.035);
      expect(mean(count - 1)).toBeGreaterThan(0.035);
    }
  });

  it.each(['even', 'capacity', 'round-robin', 'jsq'] as const)(
    '%s refuses only when every VM is full: Erlang B over the whole pool',
    (policy) => {
      const result = run({
        pool: [vms(4, 10, { sharingLimit: 1 })],
        arrivalRatePerS: 45,
        dispatch: { policy },
        queueLimit: 0,
        requests: 20_000,
      });
      expect(Math.abs(result.refused / result.requests - erlangB(4.5, 4))).toBeLessThan(0.005);
    },
  );

  it('counts hand-overs into the response', () => {
    const dispatch = (handoffS: number): SimulatedPolicy => ({
      policy: 'session',
      session: { candidates: 3, threshold: 1, handoffS },
    });
    const input = { pool: [vms(10, 10)], arrivalRatePerS: 60 };
    const free = run({ ...input, dispatch: dispatch(0) });
    const dear = run({ ...input, dispatch: dispatch(0.5) });
    expect(dear.handoffsPerRequest).toBe(free.handoffsPerRequest);
    expect(dear.responseTimeS.mean - free.responseTimeS.mean).toBeCloseTo(0.5 * free.handoffsPerRequest, 6);
    expect(dear.waitingTimeS.mean + dear.serviceTimeS.mean).toBeCloseTo(free.responseTimeS.mean, 9);
  });

  it('stale reports: JSQ when fresh, worse when older, and one front-end beats four', () => {
    const stale = (intervalS: number, dispatchers = 1, timing: 'together' | 'staggered' | 'random' = 'together') =>
      run({
        pool: [vms(20, 10)],
        arrivalRatePerS: 170,
        dispatch: { policy: 'stale-jsq', reports: { intervalS, timing }, dispatchers, countOwn: true },
        requests: 30_000,
      }).responseTimeS;
    const jsq = run({
      pool: [vms(20, 10)],
      arrivalRatePerS: 170,
      dispatch: { policy: 'jsq' },
      requests: 30_000,
    }).responseTimeS;
    expectAgreement(stale(0.001).mean, stale(0.001).ci95.mean, jsq.mean);
    const means = [0.001, 0.05, 0.3].map((age) => stale(age).mean);
    expect(means[0]! < means[1]! && means[1]! < means[2]!).toBe(true);
    expect(stale(0.05, 4).mean).toBeGreaterThan(means[1]!);
    expect(stale(0.05, 1, 'random').mean).toBeGreaterThan(stale(0.05, 1, 'staggered').mean);
  });

  it('very sparse reports with own placements counted become round robin, as bounds are all that is left', () => {
    const dispatch: SimulatedPolicy = {
      policy: 'stale-jsq',
      reports: { intervalS: 1e6, timing: 'together' },
      dispatchers: 1,
      countOwn: true,
    };
    const input = { pool: [vms(4, 10, { sharingLimit: 1 })], arrivalRatePerS: 30 };
    const sparse = run({ ...input, dispatch }).responseTimeS;
    const turns = run({ ...input, dispatch: { policy: 'round-robin' } }).responseTimeS;
    // Not identical: within each round the order is random, which makes gaps a little more variable.
    expect(Math.abs(sparse.mean / turns.mean - 1)).toBeLessThan(0.25);
    const random = run({ ...input, dispatch: { policy: 'even' } }).responseTimeS;
    expect(sparse.mean).toBeLessThan(0.75 * random.mean);
  });

  it('join-idle-queue: no request waits while a VM idles, with one front-end', () => {
    const pool = [vms(50, 10, { sharingLimit: 1 })];
    const { waitingTimeS } = run({ pool, arrivalRatePerS: 250, dispatch: { policy: 'join-idle-queue' } });
    expect(waitingTimeS.p95).toBe(0);
    const four = run({ pool, arrivalRatePerS: 400, dispatch: { policy: 'join-idle-queue', dispatchers: 4 } });
    const one = run({ pool, arrivalRatePerS: 400, dispatch: { policy: 'join-idle-queue' } });
    expect(four.responseTimeS.mean).toBeGreaterThan(one.responseTimeS.mean);
  });

  it('the same seed gives the same numbers, and two policies the same arrivals', () => {
    const times = (policy: 'jsq' | 'round-robin') =>
      run({ pool: [vms(3, 10)], arrivalRatePerS: 20, dispatch: { policy } });
    expect(times('jsq')).toEqual(times('jsq'));
    const rate = (policy: 'jsq' | 'round-robin') =>
      times(policy).perVm.reduce((sum, vm) => sum + vm.arrivalRatePerS, 0);
    expect(rate('jsq')).toBeCloseTo(rate('round-robin'), 3);
  });
});

describe('the simulator does what the product does', () => {
  const rates = [5, 5, 10, 20, 40];

  it('draws session candidates as tickets name them: each share of first and second place', () => {
    const random = new UniformStream(3, 0, 3);
    const tickets = 60_000;
    const product = new Map<string, number>();
    const credit = new Map<string, number>();
    const open = rates.map((serviceRatePerS) => ({
      coreRatePerS: serviceRatePerS,
      parallelism: 1,
      networkS: 0,
      serviceRatePerS,
      present: 0,
      admissionLimit: 10,
    }));
    const ids = rates.map((_, i) => `vm${i}`);
    const simulated = new Map<string, number>();
    const fleet = new Fleet();
    for (const rate of rates) {
      fleet.add({ coreRatePerS: rate, cores: 1, sharingLimit: 10, networkS: 0, queueLimit: 0 });
    }
    const dispatcher = new SessionDispatcher(fleet, random, { candidates: 2, threshold: 1, handoffS: 0 });
    const count = (counts: Map<string, number>, pair: string) => counts.set(pair, (counts.get(pair) ?? 0) + 1);
    for (let i = 0; i < tickets; i++) {
      const [a, b] = sessionCandidates(open, ids, 2, credit, () => random.next());
      count(product, `${a} ${b}`);
      // With nobody there the first keeps it; with all at their threshold the last of the two does.
      fleet.present.fill(i % 2 === 0 ? 0 : 1);
      count(simulated, `${i % 2 === 0 ? 'first' : 'last'} ${dispatcher.choose()}`);
    }
    rates.forEach((_, vm) => {
      const share = (counts: Map<string, number>, matches: (key: string) => boolean, of: number) =>
        [...counts].filter(([key]) => matches(key)).reduce((sum, [, n]) => sum + n, 0) / of;
      const first = share(product, (key) => key.startsWith(`${vm} `), tickets);
      const second = share(product, (key) => key.endsWith(` ${vm}`), tickets);
      expect(Math.abs(share(simulated, (key) => key === `first ${vm}`, tickets / 2) - first)).toBeLessThan(0.01);
      expect(Math.abs(share(simulated, (key) => key === `last ${vm}`, tickets / 2) - second)).toBeLessThan(0.01);
    });
  });
});
