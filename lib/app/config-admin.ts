import type { BundleStore } from '../ports/bundle-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { App, ConfigKind } from '../ports/contracts/config.ts';
import type { Problem } from '../ports/contracts/problem.ts';
import { type ConfigCache, validateConfig } from './config-cache.ts';
import { problem } from './problem.ts';
import { invalidRequest, show } from './validation.ts';

export interface ConfigAdminDependencies {
  store: ConfigStore;
  bundles: BundleStore;
  config: ConfigCache;
  clock: Clock;
}

/** A document as stored, with the version for a conditional write. */
export interface VersionedDocument {
  version: number;
  document: unknown;
}

export type ConfigOutcome<T> = { ok: true; value: T } | { ok: false; problem: Problem };

const unknownType = { sla: 'unknown-sla', app: 'unknown-app', group: 'unknown-group' } as const;

/** Documents as stored; of a row whose document does not name its own id, which is never in force, that id: by it the row can be mended. */
export async function listConfig(deps: ConfigAdminDependencies, kind: ConfigKind): Promise<{ id: string }[]> {
  return (await deps.store.list(kind)).map(({ id, body }) => {
    const named = typeof body === 'object' && body !== null && 'id' in body && body.id === id;
    return named ? { ...body, id } : { id };
  });
}

export async function getConfig(
  deps: ConfigAdminDependencies,
  kind: ConfigKind,
  id: string,
): Promise<ConfigOutcome<VersionedDocument>> {
  const row = isKey(id) ? await deps.store.get(kind, id) : null;
  if (row === null) return absent(kind, id);
  return { ok: true, value: { version: row.version, document: row.body } };
}

/** Validates and writes; the row takes effect at once here and within a second elsewhere. */
export async function putConfig(
  deps: ConfigAdminDependencies,
  kind: ConfigKind,
  id: string,
  body: unknown,
  expectedVersion?: number,
): Promise<ConfigOutcome<unknown>> {
  const checked = validateConfig(kind, id, body);
  if (!checked.ok) return { ok: false, problem: invalidRequest(`${kind} ${show(id)} is not valid`, checked.problems) };
  if (kind === 'app') {
    const { digest } = checked.document as App;
    if (!(await deps.bundles.has(digest))) {
      return {
        ok: false,
        problem: problem(
          'invalid-bundle',
          `no bundle with digest ${digest} is stored; upload it first (POST /v1/bundles registers the app too)`,
        ),
      };
    }
  }
  const options = { nowMs: deps.clock.nowMs(), ...(expectedVersion === undefined ? {} : { expectedVersion }) };
  const outcome = await deps.store.put(kind, id, checked.document, options);
  if (outcome === 'conflict') {
    return {
      ok: false,
      problem: problem(
        'version-conflict',
        `${kind} ${show(id)} is no longer at version ${expectedVersion}; read it again and repeat`,
      ),
    };
  }
  await deps.config.refresh();
  return { ok: true, value: checked.document };
}

export async function removeConfig(
  deps: ConfigAdminDependencies,
  kind: ConfigKind,
  id: string,
): Promise<ConfigOutcome<null>> {
  if (!isKey(id) || (await deps.store.remove(kind, id)) === 'absent') return absent(kind, id);
  await deps.config.refresh();
  return { ok: true, value: null };
}

/** Longer ones are no keys of the store; others that are not valid ids may be there, written by other clients. */
const isKey = (id: string): boolean => id !== '' && Buffer.byteLength(id) <= 1_000;

function absent(kind: ConfigKind, id: string): { ok: false; problem: Problem } {
  return {
    ok: false,
    problem: problem(unknownType[kind], `there is no ${kind} ${show(id)}; list them with GET /v1/${kind}s`),
  };
}
