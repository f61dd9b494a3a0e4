/** CPU time of each task of the population on a core of this machine, which the local system's reference core is. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../../local/build-entry.ts';
import { type TaskKind, taskKinds } from '../../../simulator/population/tasks.ts';

const runs = 3;

/** @returns the median CPU ms by `appId method size` */
export async function calibrate(kinds: readonly TaskKind[] = taskKinds): Promise<Map<string, number>> {
  const work = new Map<string, number>();
  for (const kind of kinds) {
    const url = pathToFileURL(join(projectRoot, 'apps', kind.appId, 'main.mjs')).href;
    const app = (await import(url)) as Record<string, (...args: unknown[]) => unknown>;
    const run = app[kind.method]!;
    for (const size of kind.sizes) {
      const times = Array.from({ length: runs }, () => {
        const start = process.cpuUsage();
        run(...size.args, { state: undefined });
        const { user, system } = process.cpuUsage(start);
        return (user + system) / 1_000;
      }).sort((a, b) => a - b);
      work.set(workKey(kind.appId, kind.method, size.id), times[Math.floor(runs / 2)]!);
    }
  }
  return work;
}

export const workKey = (appId: string, method: string, size: string): string => `${appId} ${method} ${size}`;
