import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packDirectory } from '../../../lib/app/bundles/directory.ts';

const folder = fileURLToPath(new URL('../../../apps/', import.meta.url));
// biome-ignore lint/suspicious/noExplicitAny: demo apps are plain JavaScript
const load = (app: string): Promise<Record<string, any>> => import(`${folder}${app}/main.mjs`);

describe('every demo app', () => {
  it.each(readdirSync(folder))('%s is a valid bundle whose methods are exported', async (app) => {
    const { result } = await packDirectory(`${folder}${app}`);
    expect(result).toMatchObject({ ok: true });
    if (!result.ok) return;
    const exported = await load(app);
    for (const method of Object.keys(result.bundle.manifest.methods)) expect(typeof exported[method]).toBe('function');
  });
});

describe('chess', () => {
  // https://www.chessprogramming.org/Perft_Results
  it.each([
    ['rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1', [20, 400, 8902, 197_281]],
    ['r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq -', [48, 2039, 97_862]],
    ['8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - -', [14, 191, 2812, 43_238]],
    ['r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1', [6, 264, 9467]],
    ['rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8', [44, 1486, 62_379]],
    ['r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10', [46, 2079, 89_890]],
  ])('counts the published number of moves of %s', async (fen, expected) => {
    const { perft } = await load('chess');
    expect(expected.map((_, i) => perft(fen, i + 1))).toEqual(expected);
  });

  it.each([
    ['back-rank mate in 1', '6k1/5ppp/8/8/8/8/8/R6K w - - 0 1', 2, 'a1a8', 99_999],
    ["Morphy's mate in 2", 'kbK5/pp6/1P6/8/8/8/8/R7 w - - 0 1', 4, 'a1a6', 99_997],
  ])('finds the %s', async (_name, fen, depth, move, score) => {
    const { bestMove } = await load('chess');
    expect(bestMove(fen, depth)).toMatchObject({ move, score });
  });

  it('takes a queen that is left standing, and tells mate from stalemate', async () => {
    const { bestMove } = await load('chess');
    expect(bestMove('4k3/8/8/3q4/4P3/8/8/4K3 w - - 0 1', 3)).toMatchObject({ move: 'e4d5' });
    expect(bestMove('R5k1/5ppp/8/8/8/8/8/7K b - - 0 1', 2)).toMatchObject({ move: null, score: -100_000 });
    expect(bestMove('7k/5Q2/6K1/8/8/8/8/8 b - - 0 1', 2)).toMatchObject({ move: null, score: 0 });
  });

  it('says what is wrong with a position or a depth', async () => {
    const { bestMove } = await load('chess');
    expect(() => bestMove('8/8', 2)).toThrow('8 ranks');
    expect(() => bestMove('kx6/8/8/8/8/8/8/K7 w - -', 2)).toThrow('"x" does not belong');
    expect(() => bestMove('k7/8/8/8/8/8/8/K7 w - -', 99)).toThrow('received 99');
  });
});

describe('the rest of the pool', () => {
  it('counts n-queens (OEIS A000170) and finds the first arrangement', async () => {
    const { count, first } = await load('nqueens');
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(count)).toEqual([1, 0, 0, 2, 10, 4, 40, 92, 352, 724]);
    expect(first(8)).toEqual([0, 4, 7, 5, 2, 6, 1, 3]);
    expect(first(3)).toBeNull();
  });

  it('sorts, by both algorithms alike', async () => {
    const { bubble, quick } = await load('sorts');
    const numbers = [3, -1, 3, 0, 2.5, 1e9, -7];
    const sorted = [-7, -1, 0, 2.5, 3, 3, 1e9];
    expect(bubble(numbers)).toEqual(sorted);
    expect(quick(numbers)).toEqual(sorted);
    expect(quick([])).toEqual([]);
    const made = { count: 500, seed: 7 };
    expect(bubble(made)).toEqual(quick(made));
    expect(() => quick([1, 'two'])).toThrow('entry 1 is not a number: "two"');
  });

  it('computes Fibonacci numbers both ways', async () => {
    const { recursive, iterative } = await load('fibonacci');
    expect([0, 1, 2, 10, 20].map(recursive)).toEqual([0, 1, 1, 55, 6765]);
    expect(iterative(100)).toBe('354224848179261915075');
  });

  it('moves the tower of Hanoi in 2^n - 1 legal moves', async () => {
    const { moves, count } = await load('hanoi');
    const pegs: Record<string, number[]> = { A: [6, 5, 4, 3, 2, 1], B: [], C: [] };
    for (const [from, to] of moves(6)) {
      const disk = pegs[from]!.pop()!;
      expect(disk).toBeLessThan(pegs[to]!.at(-1) ?? 99);
      pegs[to]!.push(disk);
    }
    expect(pegs).toEqual({ A: [], B: [], C: [6, 5, 4, 3, 2, 1] });
    expect(count(12)).toBe(4095);
  });

  it('wins Monty Hall by changing two times in three (99.9 % confidence), the same from the same seed', async () => {
    const { play, continueGame } = await load('montyhall');
    const games = 100_000;
    const { stay, change } = play(games, 42);
    expect(stay + change).toBe(games);
    expect(Math.abs(change / games - 2 / 3)).toBeLessThan(3.29 * Math.sqrt(2 / 9 / games));
    const ctx: { state?: { seed: number; games: number; stay: number; change: number } } = {};
    continueGame(30, ctx);
    expect(continueGame(70, ctx)).toEqual(play(100, 1));
  });

  it('burns the CPU time it was asked to', async () => {
    const { burn, noop } = await load('spin');
    expect(burn(5).usedMs).toBeGreaterThanOrEqual(5);
    expect(noop()).toBeNull();
  });
});
