import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { poolTasks } from '../../../lib/cli/load/tasks.ts';

const apps = fileURLToPath(new URL('../../../apps/', import.meta.url));

describe('the pool of tasks', () => {
  it('names methods of the demo apps, with arguments that they take', async () => {
    const draw = poolTasks(11);
    const seen = new Set<string>();
    while (seen.size < 7) {
      const { appId, method, args } = draw();
      if (seen.has(`${appId} ${method}`)) continue;
      seen.add(`${appId} ${method}`);
      const app = (await import(pathToFileURL(`${apps}${appId}/main.mjs`).href)) as Record<
        string,
        (...a: unknown[]) => unknown
      >;
      expect(app[method]!(...(args as unknown[])), `${appId} ${method}`).toBeDefined();
    }
    expect([...seen].sort()).toEqual([
      'chess bestMove',
      'fibonacci recursive',
      'hanoi count',
      'montyhall play',
      'nqueens count',
      'sorts bubble',
      'sorts quick',
    ]);
  });
});

it('draws the same tasks for every runtime, in the names and arguments of the Java pool', () => {
  const [node, art] = [poolTasks(5), poolTasks(5, 'art')];
  for (let i = 0; i < 200; i++) {
    const [a, b] = [node(), art()];
    expect(b.appId).toBe(`${a.appId}-art`);
    if (a.appId === 'sorts') {
      const [{ count, seed }] = a.args as [{ count: number; seed: number }];
      expect([b.method, b.args]).toEqual([`${a.method}Seeded`, [count, seed]]);
    } else expect([b.method, b.args]).toEqual([a.method, a.args]);
  }
});
