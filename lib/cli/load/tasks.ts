/** The tasks that load is made of: the demo apps' pool of the IoT paper, or one method that the user names. */
import { UniformStream } from '../../simulator/engine/rng.ts';

export interface LoadTask {
  appId: string;
  method: string;
  args: unknown;
}

const start = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';
const middleGame = 'r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1';

/** Sizes of each method that take from a few ms to about 100 ms on the reference core. */
const pool: readonly ((random: UniformStream) => LoadTask)[] = [
  (r) => ({ appId: 'chess', method: 'bestMove', args: [r.below(2) === 0 ? start : middleGame, 2 + r.below(2)] }),
  (r) => ({ appId: 'nqueens', method: 'count', args: [7 + r.below(4)] }),
  (r) => ({
    appId: 'sorts',
    method: r.below(2) === 0 ? 'bubble' : 'quick',
    args: [{ count: 1_000 + r.below(4_000), seed: r.below(1_000_000) }],
  }),
  (r) => ({ appId: 'fibonacci', method: 'recursive', args: [20 + r.below(10)] }),
  (r) => ({ appId: 'hanoi', method: 'count', args: [12 + r.below(8)] }),
  (r) => ({ appId: 'montyhall', method: 'play', args: [100_000 + r.below(900_000), r.below(1_000_000)] }),
];

const purpose = 7;
export const poolRuntimes = ['node', 'jvm', 'art'] as const;
export type PoolRuntime = (typeof poolRuntimes)[number];

/** Draws tasks from the pool; the same seed draws the same tasks, whatever the runtime. */
export function poolTasks(seed: number, runtime: PoolRuntime = 'node'): () => LoadTask {
  const random = new UniformStream(seed, 0, purpose);
  return () => onRuntime(pool[random.below(pool.length)]!(random), runtime);
}

/** The same task of the pool in Java (apps-java), whose sorts take count and seed as two arguments. */
function onRuntime(task: LoadTask, runtime: PoolRuntime): LoadTask {
  if (runtime === 'node') return task;
  const appId = `${task.appId}-${runtime}`;
  if (task.appId !== 'sorts') return { ...task, appId };
  const [{ count, seed }] = task.args as [{ count: number; seed: number }];
  return { appId, method: `${task.method}Seeded`, args: [count, seed] };
}
