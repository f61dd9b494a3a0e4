/** What devices run: the demo apps' pool of the IoT paper, in sizes that differ by more than a factor of ten. */

export interface TaskSize {
  /** Names calls that take about as long as each other. */
  id: string;
  args: readonly unknown[];
  /** CPU ms on the reference core, measured on a 2026 cloud vCPU; live runs measure their own machine's. */
  workMs: number;
}

export interface TaskKind {
  appId: string;
  method: string;
  /** Of the tasks. */
  share: number;
  upBytes: number;
  downBytes: number;
  sizes: readonly TaskSize[];
}

const start = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

export const taskKinds: readonly TaskKind[] = [
  {
    appId: 'chess',
    method: 'bestMove',
    share: 0.3,
    upBytes: 1_000,
    downBytes: 600,
    sizes: [
      { id: 'depth 2', args: [start, 2], workMs: 2 },
      { id: 'depth 3', args: [start, 3], workMs: 5 },
      { id: 'depth 4', args: [start, 4], workMs: 30 },
    ],
  },
  {
    appId: 'nqueens',
    method: 'count',
    share: 0.2,
    upBytes: 900,
    downBytes: 500,
    sizes: [
      { id: '10', args: [10], workMs: 1 },
      { id: '11', args: [11], workMs: 2.5 },
      { id: '12', args: [12], workMs: 12 },
    ],
  },
  {
    appId: 'sorts',
    method: 'bubble',
    share: 0.2,
    upBytes: 900,
    downBytes: 600,
    sizes: [
      { id: '1000', args: [{ count: 1_000, seed: 7 }], workMs: 1.5 },
      { id: '3000', args: [{ count: 3_000, seed: 7 }], workMs: 12 },
      { id: '5000', args: [{ count: 5_000, seed: 7 }], workMs: 32 },
    ],
  },
  {
    appId: 'fibonacci',
    method: 'recursive',
    share: 0.15,
    upBytes: 900,
    downBytes: 500,
    sizes: [
      { id: '26', args: [26], workMs: 1 },
      { id: '31', args: [31], workMs: 10 },
      { id: '33', args: [33], workMs: 27 },
    ],
  },
  {
    appId: 'montyhall',
    method: 'play',
    share: 0.15,
    upBytes: 900,
    downBytes: 500,
    sizes: [
      { id: '100000', args: [100_000, 7], workMs: 5 },
      { id: '500000', args: [500_000, 7], workMs: 26 },
      { id: '1000000', args: [1_000_000, 7], workMs: 52 },
    ],
  },
];
