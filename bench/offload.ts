/**
 * What an offload costs: over calling the same agent bare, against HAProxy in front of the same agents, and under load at
 * equal VMs. Open loop, TLS and kept-alive connections on all sides, arms interleaved in the same run.
 */
import { ExponentialStream, UniformStream } from '../lib/simulator/engine/rng.ts';
import { type Arm, haproxyArm, httpsCaller, rawArm, sdkArm } from './offload/arms.ts';
import { type Fleet, startFleet } from './offload/fleet.ts';
import { type Peer, startHaproxy } from './offload/haproxy.ts';
import { failures, intervalNote, mean, openLoop, poissonTimes, quantile, type Sample } from './offload/measure.ts';
import type { Bench, BenchOptions, BenchRow } from './row.ts';

export const bench: Bench = async (options) => [...(await overhead(options)), ...(await underLoad(options))];

/** Low enough that a prespawned sandbox is always at hand: what is measured is the path, not the refill. */
const overheadRatePerS = 8;

export async function overhead({ quick, onProgress }: BenchOptions): Promise<BenchRow[]> {
  const perArm = quick ? 30 : 500;
  const fleet = await startFleet({
    count: 1,
    env: {
      OAAS_CORES: '2',
      OAAS_SHARING_LIMIT: '8',
      OAAS_WAITING: '8',
      OAAS_CPU_HOLD: 'off',
      OAAS_ISOLATION: 'process',
    },
    threshold: 100,
    random: new UniformStream(1, 0, 1),
  });
  let peer: Peer | undefined;
  const arms: Arm[] = [];
  try {
    peer = await startHaproxy(fleet.vms);
    arms.push(await sdkArm(fleet), rawArm(fleet, fleet.vms[0]!), haproxyArm(fleet, peer));
    await warmUp(arms);
    onProgress?.(`overhead: ${arms.length} x ${perArm} empty tasks`);
    const order = interleaved(arms.length, perArm, 3);
    const samples = await openLoop(poissonTimes(order.length, overheadRatePerS, 5), (i) =>
      arms[order[i]!]!.run('empty', []),
    );
    const [sdk, raw, proxy] = arms.map((_, arm) => samples.filter((_s, i) => order[i] === arm)) as [
      Sample[],
      Sample[],
      Sample[],
    ];
    const at = (s: Sample[], q: number) => quantile(s, q);
    const note = (s: Sample[]) => `p50 ${at(s, 0.5).toFixed(2)} ms, p99 ${at(s, 0.99).toFixed(1)} ms`;
    const failed = failures(samples);
    return [
      {
        name: 'session offload over the same agent without ticket, p50',
        value: at(sdk, 0.5) - at(raw, 0.5),
        unit: 'ms',
        bar: { atMost: 0.15 },
        note: `OaaS ${note(sdk)}; agent alone ${note(raw)}; ${perArm} each, ${failed} failed`,
      },
      {
        name: 'session offload / HAProxy, p50',
        value: at(sdk, 0.5) / at(proxy, 0.5),
        unit: 'x',
        bar: { atMost: 1 },
        note: `HAProxy ${peer.version} ${note(proxy)}`,
      },
      {
        name: 'session offload / HAProxy, p99',
        value: at(sdk, 0.99) / at(proxy, 0.99),
        unit: 'x',
        bar: { atMost: 1 },
        note: intervalNote(sdk, proxy, (a, b) => at(a, 0.99) / at(b, 0.99)),
      },
    ];
  } finally {
    for (const arm of arms) arm.close();
    await peer?.stop();
    await fleet.stop();
  }
}

/**
 * The steady state is compiled code: several hundred requests that the agent refuses before it runs anything (no such
 * method), then a few whole ones.
 */
async function warmUp(arms: readonly Arm[]): Promise<void> {
  for (let i = 0; i < 500; i += 1) for (const arm of arms) await arm.run('absent', []).catch(() => {});
  for (let i = 0; i < 10; i += 1) for (const arm of arms) await arm.run('empty', []);
}

/** Devices that know nothing of each other, each with its own ticket. */
const deviceCount = 12;
const utilization = 0.75;
const vmCount = 3;
const coreSpeed = 0.25;
const meanSpinMs = 40;

export async function underLoad({ quick, onProgress }: BenchOptions): Promise<BenchRow[]> {
  // Both orders even in a short run: which side goes first on a busy machine decides short comparisons.
  const rounds = quick ? 2 : 4;
  const perRound = quick ? 80 : 160;
  const fleet = await startFleet({
    count: vmCount,
    env: { OAAS_CORES: '1', OAAS_CORE_SPEED: String(coreSpeed), OAAS_SHARING_LIMIT: '4', OAAS_QUEUE_LIMIT: '1000' },
    threshold: 2,
    random: new UniformStream(2, 0, 1),
  });
  let peer: Peer | undefined;
  const devices: Arm[] = [];
  let proxy: Arm | undefined;
  try {
    peer = await startHaproxy(fleet.vms);
    for (let i = 0; i < deviceCount; i += 1) devices.push(await sdkArm(fleet));
    proxy = haproxyArm(fleet, peer);
    const throughProxy = proxy;
    const ratePerS = utilization * (await capacityPerS(fleet, 4, quick ? 2_000 : 8_000));
    for (const device of devices) await device.run('empty', []);
    const oaas: Sample[] = [];
    const haproxy: Sample[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const times = poissonTimes(perRound, ratePerS, 100 + round);
      const demands = new ExponentialStream(200 + round, 0, 2);
      const spins = times.map(() => [demands.next() * meanSpinMs]);
      const pick = new UniformStream(300 + round, 0, 3);
      const chosen = times.map(() => pick.below(deviceCount));
      const runs: [string, Sample[], (i: number) => Promise<void>][] = [
        ['OaaS', oaas, (i) => devices[chosen[i]!]!.run('spin', spins[i]!)],
        ['HAProxy', haproxy, (i) => throughProxy.run('spin', spins[i]!)],
      ];
      if (round % 2 === 1) runs.reverse();
      for (const [name, samples, send] of runs) {
        onProgress?.(`load: round ${round + 1} of ${rounds}, ${name}, ${perRound} tasks at ${ratePerS.toFixed(1)}/s`);
        samples.push(...(await openLoop(times, send)));
      }
    }
    const figures = (s: Sample[]) =>
      `mean ${mean(s).toFixed(0)} ms, p50 ${quantile(s, 0.5).toFixed(0)}, p99 ${quantile(s, 0.99).toFixed(0)}, ${failures(s)} failed`;
    const setting = `${vmCount} VMs of ${coreSpeed} core at ρ ≈ ${utilization}, exponential demand`;
    return [
      {
        name: 'mean response under load, session / HAProxy round robin',
        value: mean(oaas) / mean(haproxy),
        unit: 'x',
        bar: { atMost: 1 },
        note: `${setting}; OaaS ${figures(oaas)}; HAProxy ${figures(haproxy)}; ${intervalNote(oaas, haproxy, (a, b) => mean(a) / mean(b))}`,
      },
      {
        name: 'p99 response under load, session / HAProxy round robin',
        value: quantile(oaas, 0.99) / quantile(haproxy, 0.99),
        unit: 'x',
        bar: { atMost: 1 },
        note: intervalNote(oaas, haproxy, (a, b) => quantile(a, 0.99) / quantile(b, 0.99)),
      },
    ];
  } finally {
    for (const device of devices) device.close();
    proxy?.close();
    await peer?.stop();
    await fleet.stop();
  }
}

/**
 * Tasks per second that the whole fleet does with every place taken: what utilisation is a share of. Measured rather than
 * computed, because on a busy machine VMs get less than they are owed.
 */
async function capacityPerS(fleet: Fleet, places: number, lengthMs: number): Promise<number> {
  const callers = fleet.vms.map((vm) => httpsCaller('calibration', vm.url, vm.certPem, vm.vmId, fleet.digest));
  const startMs = performance.now();
  let done = 0;
  const loop = async (caller: (typeof callers)[number]) => {
    while (performance.now() - startMs < lengthMs) {
      await caller.call('spin', [meanSpinMs]);
      done += 1;
    }
  };
  await Promise.all(callers.flatMap((caller) => Array.from({ length: places }, () => loop(caller))));
  const elapsedS = (performance.now() - startMs) / 1_000;
  for (const caller of callers) caller.close();
  return done / elapsedS;
}

/** Each block of arms in a random order. */
function interleaved(arms: number, perArm: number, seed: number): number[] {
  const random = new UniformStream(seed, 0, 4);
  const order: number[] = [];
  for (let block = 0; block < perArm; block += 1) {
    const left = Array.from({ length: arms }, (_, i) => i);
    while (left.length > 0) order.push(left.splice(random.below(left.length), 1)[0]!);
  }
  return order;
}
