import { type RunningAgent, runTask, type TestRegion } from './agent-region.ts';

/** Attacks whose damage would be to others' time; each is started again as often as the windows need it. */
export const attacks = ['loop', 'forkBomb', 'memoryHog', 'endlessStdout', 'setsid', 'fillDisk'] as const;
export type Attack = (typeof attacks)[number];

export interface NeighbourTimes {
  /** Response times of the neighbour's tasks while nobody attacks, and while somebody does, ms. */
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
export const attackDeadlineMs = 1_000;

/** An attack fills its own place and leaves the others, as the promise has it; slow cores leave some of this machine to its other users. */
export const fourPlaces = {
  OAAS_CORES: '4',
  OAAS_CORE_SPEED: '0.2',
  OAAS_SHARING_LIMIT: '4',
  OAAS_WAITING: '4',
  OAAS_MAX_OUTPUT_BYTES: '1000000',
};

/**
 * A neighbour's tasks one after the other, in windows without and with an attack by turns, so that whatever else the machine does falls
 * on both alike.
 *
 * @param rounds windows of each kind, each as long as an attack lasts (1 s)
 */
export async function neighbourTimes(
  region: TestRegion,
  agent: RunningAgent,
  apps: { attacker: string; neighbour: string },
  attack: Attack,
  rounds: number,
): Promise<NeighbourTimes> {
  const times: NeighbourTimes = { quietMs: [], attackedMs: [], overrunMs: [], endings: [] };
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
  for (let round = 0; round < rounds; round++) {
    await work(times.quietMs, performance.now() + attackDeadlineMs);
    const untilMs = performance.now() + attackDeadlineMs;
    await Promise.all([
      work(times.attackedMs, untilMs),
      (async () => {
        // One that ends early tries again, as fast as the neighbour works.
        do {
          const beganMs = performance.now();
          const deadlineMs = attackDeadlineMs;
          const answer = await runTask(agent, hostile, attack, ['attack-mark'], { deadlineMs });
          times.overrunMs.push(performance.now() - beganMs - deadlineMs);
          times.endings.push(answer.status === 200 ? 'answered' : String(answer.body.type).split('/').at(-1)!);
          await pause(paceMs);
        } while (performance.now() < untilMs);
      })(),
    ]);
    await pause(200);
  }
  return times;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
