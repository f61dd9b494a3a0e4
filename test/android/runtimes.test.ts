import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type RunningAgent, runTask, TestRegion } from '../support/agent-region.ts';
import { javaApps, javaToolsDir } from '../support/java-suite.ts';

const start = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';
const kiwipete = 'r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1';
const promotion = 'n1n5/PPPk4/8/8/8/8/4Kppp/5N1N b - - 0 1';
const mated = 'rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3';

/** The same calls go to Node, the JVM and the APK. */
const calls: [app: string, method: string, args: unknown[]][] = [
  ...[start, kiwipete, promotion].flatMap((fen) =>
    [1, 2, 3].map((depth): [string, string, unknown[]] => ['chess', 'bestMove', [fen, depth]]),
  ),
  ['chess', 'bestMove', [start, 4]],
  ['chess', 'bestMove', [mated, 3]],
  ['chess', 'perft', [kiwipete, 3]],
  ['chess', 'legalMoves', [promotion]],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n): [string, string, unknown[]] => ['nqueens', 'count', [n]]),
  ...[1, 2, 3, 8, 12].map((n): [string, string, unknown[]] => ['nqueens', 'first', [n]]),
  ['sorts', 'bubble', [[5, 3.5, -1, 1e21, 3.5, 0]]],
  ['sorts', 'quick', [[9, 8, 7, 1, 2, 3, 3, 3]]],
  ['fibonacci', 'recursive', [22]],
  ['fibonacci', 'iterative', [300]],
  ['hanoi', 'moves', [5]],
  ['hanoi', 'count', [14]],
  ['montyhall', 'play', [5_000, 42]],
];

let region: TestRegion;
let toolsDir: string;
const digests = new Map<string, string>();
const bundlesDir = join(fileURLToPath(new URL('../..', import.meta.url)), 'out', 'test', 'java-apps');

beforeAll(async () => {
  toolsDir = await javaToolsDir();
  region = await TestRegion.start();
  const bundles = await javaApps(bundlesDir);
  for (const [id, directory] of bundles) digests.set(id, await region.addApp(directory));
  for (const id of new Set(calls.map(([app]) => app))) {
    digests.set(`${id}-node`, await region.addApp(fileURLToPath(new URL(`../../apps/${id}`, import.meta.url))));
  }
});
afterAll(async () => {
  await region?.close();
  rmSync(bundlesDir, { recursive: true, force: true });
});

function run(agent: RunningAgent, app: string, method: string, args: unknown, options = {}): Promise<Answer> {
  const digest = digests.get(app);
  if (digest === undefined) throw new Error(`no app ${app}`);
  // The first call of an app waits for its translation.
  return runTask(agent, region.ticket([agent], digest), method, args, { deadlineMs: 300_000, ...options });
}

describe.each(['process', 'bubblewrap'])('with isolation %s', (isolation) => {
  let agent: RunningAgent;
  beforeAll(async () => {
    agent = await region.startAgent({ OAAS_ISOLATION: isolation, OAAS_JAVA_TOOLS: toolsDir, OAAS_CORES: '2' });
  });
  afterAll(() => agent?.stop());

  it('Node, JVM and APK give the same answers', async () => {
    for (const [app, method, args] of calls) {
      const answers = [];
      for (const runtime of ['node', 'jvm', 'art']) {
        const { status, body } = await run(agent, `${app}-${runtime}`, method, args);
        expect(status, `${app}-${runtime} ${method}: ${JSON.stringify(body)}`).toBe(200);
        answers.push(body.result);
      }
      expect(answers[1], `JVM: ${app} ${method} ${JSON.stringify(args)}`).toEqual(answers[0]);
      expect(answers[2], `APK: ${app} ${method} ${JSON.stringify(args)}`).toEqual(answers[0]);
    }
  });
});
