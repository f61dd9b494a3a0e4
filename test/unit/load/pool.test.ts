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
