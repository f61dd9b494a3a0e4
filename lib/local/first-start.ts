import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { packDirectory } from '../app/bundles/directory.ts';
import type { ConfigCache } from '../app/config-cache.ts';
import { registerApp } from '../app/register-app.ts';
import type { BundleStore } from '../ports/bundle-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Log } from '../ports/log.ts';
import { projectRoot } from './build-entry.ts';
import { defaultGroups, defaultSlas } from './default-config.ts';

export interface FirstStartDependencies {
  store: ConfigStore;
  bundles: BundleStore;
  config: ConfigCache;
  clock: Clock;
  log: Log;
}

/** A start for one's own app, not an app. */
const templateFolder = 'template';

/** Fills an empty configuration table: agreements, groups and the demo apps. What someone changed or removed since stays so. */
export async function firstStart(deps: FirstStartDependencies): Promise<void> {
  const { store, clock, log } = deps;
  const kinds = ['sla', 'group', 'app'] as const;
  const rows = await Promise.all(kinds.map((kind) => store.list(kind)));
  if (rows.some((list) => list.length > 0)) return;
  const nowMs = clock.nowMs();
  for (const sla of defaultSlas) await store.put('sla', sla.id, sla, { nowMs, expectedVersion: 0 });
  for (const group of defaultGroups) await store.put('group', group.id, group, { nowMs, expectedVersion: 0 });
  await registerDemoApps(deps);
  log.info('first start: default configuration and demo apps written');
}

async function registerDemoApps(deps: FirstStartDependencies): Promise<void> {
  const folder = join(projectRoot, 'apps');
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name === templateFolder) continue;
    const { zip, result } = await packDirectory(join(folder, entry.name));
    const outcome = result.ok ? await registerApp(deps, zip) : null;
    if (outcome?.ok !== true) {
      const problems = result.ok ? outcome?.problem.detail : result.problems.join('; ');
      deps.log.warn('demo app not registered', { app: entry.name, problems });
    }
  }
}
