import os from 'node:os';
import { type RunningAgent, runTask, type TestRegion } from './agent-region.ts';
import { seeded } from './series.ts';

/** Attacks whose damage would be to others' time; each is started again as often as the windows need it. */
export const attacks = ['loop', 'forkBomb', 'memoryHog', 'endlessStdout', 'setsid', 'fillDisk'] as const;
export type Attack = (typeof attacks)[number];

/** A window without and one with the attack. */
export interface Round {
  /** Response times of the neighbour's tasks in each, ms. */
  quietMs: number[];
  attackedMs: number[];
  /** What the attacks beyond their deadline took to be answered, ms. */
  overrunMs: number[];
  /** Types of the problems that ended the attacks. */
  endings: string[];
}

const roundsOfWork = 100_000;
/** One task per this: the cores that an attack leaves are enough to prepare that many sandboxes. */
const paceMs = 120;
const attackDeadlineMs = 1_000;

/** An attack fills its own place and leaves the others, as the promise has it; slow cores leave some of this machine to its other users. */
export const fourPlaces = {
  OAAS_CORES: '4',
  OAAS_CORE_SPEED: '0.2',
  OAAS_SHARING_LIMIT: '4',
  OAAS_WAITING: '4',
  OAAS_MAX_OUTPUT_BYTES: '1000000',
};

/** Clients are other machines: this one's must not have to compete with the attack for the CPU. Needs root, as the agent's own precedence does. */
export function standAside(): void {
  try {
    os.setPriority(Math.max(-20, os.getPriority() - 10));
  } catch {
    // Not allowed.
  }
}

/**
 * A neighbour's tasks one after the other, in windows without and with an attack by turns, so that whatever else the machine does falls
 * on both alike.
 *
 * @param rounds windows of each kind, each as long as an attack lasts (1 s)
 */
export async function neighbourRounds(
  region: TestRegion,
  agent: RunningAgent,
  apps: { attacker: string; neighbour: string },
  attack: Attack,
  rounds: number,
): Promise<Round[]> {
  const honest = region.ticket([agent], apps.neighbour, { sub: 'honest' });
  const hostile = region.ticket([agent], apps.attacker, { sub: 'hostile' });
  const work = async (into: number[], untilMs: number) => {
    while (performance.now() < untilMs) {
      const beganMs = performance.now();
      const answer = await runTask(agent, honest, 'work', [roundsOfWork]);
      if (answer.status !== 200) throw new Error(`the neighbour got ${answer.status}: ${answer.body.detail}`);
      into.push(performance.now() - beganMs);
      await pause(beganMs + paceMs - performance.now());
    }
  };
  await work([], performance.now() + 500);
  const done: Round[] = [];
  for (let i = 0; i < rounds; i++) {
    const round: Round = { quietMs: [], attackedMs: [], overrunMs: [], endings: [] };
    await work(round.quietMs, performance.now() + attackDeadlineMs);
    const untilMs = performance.now() + attackDeadlineMs;
    await Promise.all([
      work(round.attackedMs, untilMs),
      (async () => {
        // One that ends early tries again, as fast as the neighbour works.
        do {
          const beganMs = performance.now();
          const deadlineMs = attackDeadlineMs;
          const answer = await runTask(agent, hostile, attack, ['attack-mark'], { deadlineMs });
          round.overrunMs.push(performance.now() - beganMs - deadlineMs);
          round.endings.push(answer.status === 200 ? 'answered' : String(answer.body.type).split('/').at(-1)!);
          await pause(paceMs);
        } while (performance.now() < untilMs);
      })(),
    ]);
    done.push(round);
    await pause(200);
  }
  return done;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Interpolated between order statistics (type 7 of Hyndman and Fan 1996). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  return below + (at % 1) * ((sorted[Math.ceil(at)] ?? below) - below);
}

/** Of the neighbour's p99 with the attack to that without, over all windows. */
export const p99Ratio = (rounds: readonly Round[]): number =>
  quantile(pooled(rounds, 'attackedMs'), 0.99) / quantile(pooled(rounds, 'quietMs'), 0.99);

const pooled = (rounds: readonly Round[], kind: 'quietMs' | 'attackedMs'): number[] =>
  rounds.flatMap((round) => round[kind]);

const resamples = 1_000;

/** 90 % interval of `p99Ratio`: bootstrap over the pairs of windows, since times within one depend on each other. */
export function ratioInterval(rounds: readonly Round[], seed = 1): { low: number; high: number } {
  const random = seeded(seed);
  const ratios = Array.from({ length: resamples }, () =>
    p99Ratio(rounds.map(() => rounds[Math.floor(random() * rounds.length)]!)),
  );
  return { low: quantile(ratios, 0.05), high: quantile(ratios, 0.95) };
}

export function describeRounds(rounds: readonly Round[]): string {
  const show = (kind: 'quietMs' | 'attackedMs') => {
    const values = pooled(rounds, kind);
    return `p50 ${quantile(values, 0.5).toFixed(0)}, p99 ${quantile(values, 0.99).toFixed(0)} ms of ${values.length}`;
  };
  const { low, high } = ratioInterval(rounds);
  return `90 % interval ${low.toFixed(2)} to ${high.toFixed(2)}; without ${show('quietMs')}; with ${show('attackedMs')}`;
}
