/**
 * Configuration as the request path reads it: at most `refreshMs` old, always valid.
 *
 * Lifecycle: the first `ready()` waits for a read; afterwards reads run in the background when the copy is older than
 * `refreshMs`. Any client may write any row, so each one is validated here. A row that is invalid, or a store that does not
 * answer, changes nothing: the last good document stays in force and the fault is listed until it is mended. Good documents
 * are kept in the state store too, so that a process that starts while a row is invalid has them as well.
 */
import type { Clock } from '../ports/clock.ts';
import type { ConfigRow, ConfigStore } from '../ports/config-store.ts';
import { type App, type ConfigDocuments, type ConfigKind, configSchemas } from '../ports/contracts/config.ts';
import type { Log } from '../ports/log.ts';
import type { ScalerStore } from '../ports/state-store.ts';
import { type FieldProblem, validateDocument } from './validation.ts';

/** A row that is not in force. */
export interface ConfigFault {
  kind: ConfigKind;
  id: string;
  version: number;
  sinceMs: number;
  /** What is in force instead. */
  inForce: 'last-good' | 'nothing';
  problems: FieldProblem[];
}

export interface ConfigCache {
  /** Resolves when a first copy was read; refreshes in the background. Throws StoreUnavailableError before the first copy. */
  ready(): Promise<void>;
  /** Reads again now, unless a read ended less than `minAgeMs` ago. */
  refresh(minAgeMs?: number): Promise<void>;
  get<K extends ConfigKind>(kind: K, id: string): ConfigDocuments[K] | undefined;
  list<K extends ConfigKind>(kind: K): ConfigDocuments[K][];
  faults(): ConfigFault[];
}

export interface ConfigCacheDependencies {
  store: ConfigStore;
  /** Where the last good documents are kept. */
  lastGood: Pick<ScalerStore, 'getDocument' | 'putDocument'>;
  clock: Clock;
  log: Log;
  refreshMs?: number;
}

const kinds: readonly ConfigKind[] = ['sla', 'app', 'group'];

interface Entry {
  version: number;
  updatedAtMs: number;
  document: ConfigDocuments[ConfigKind];
}

export function createConfigCache(deps: ConfigCacheDependencies): ConfigCache {
  const refreshMs = deps.refreshMs ?? 1_000;
  const entries: Record<ConfigKind, Map<string, Entry>> = { sla: new Map(), app: new Map(), group: new Map() };
  const faults = new Map<string, ConfigFault>();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  const read = async (): Promise<void> => {
    const rows = await Promise.all(kinds.map((kind) => deps.store.list(kind)));
    for (const [i, kind] of kinds.entries()) await apply(kind, rows[i]!);
    readAtMs = deps.clock.monotonicMs();
  };

  const apply = async (kind: ConfigKind, rows: readonly ConfigRow[]): Promise<void> => {
    const present = new Set(rows.map((row) => row.id));
    for (const id of entries[kind].keys()) if (!present.has(id)) entries[kind].delete(id);
    for (const [key, fault] of faults) if (fault.kind === kind && !present.has(fault.id)) faults.delete(key);
    for (const row of rows) await applyRow(kind, row);
  };

  const applyRow = async (kind: ConfigKind, row: ConfigRow): Promise<void> => {
    const known = entries[kind].get(row.id);
    const key = `${kind}/${row.id}`;
    if (known?.version === row.version && known.updatedAtMs === row.updatedAtMs && !faults.has(key)) return;
    const checked = validateConfig(kind, row.id, row.body);
    if (checked.ok) {
      entries[kind].set(row.id, { version: row.version, updatedAtMs: row.updatedAtMs, document: checked.document });
      if (faults.delete(key)) deps.log.info('configuration row mended', { kind, id: row.id });
      await deps.lastGood.putDocument(lastGoodKey(key), checked.document, row.updatedAtMs).catch(() => {});
      return;
    }
    if (faults.get(key)?.version === row.version) return;
    const inForce = known ?? (await restore(kind, row, key));
    const fault: ConfigFault = {
      kind,
      id: row.id,
      version: row.version,
      sinceMs: deps.clock.nowMs(),
      inForce: inForce === undefined ? 'nothing' : 'last-good',
      problems: checked.problems,
    };
    faults.set(key, fault);
    deps.log.error('invalid configuration row ignored', { ...fault });
  };

  const restore = async (kind: ConfigKind, row: ConfigRow, key: string): Promise<Entry | undefined> => {
    const body = await deps.lastGood.getDocument(lastGoodKey(key)).catch(() => null);
    const checked = validateConfig(kind, row.id, body);
    if (!checked.ok) return undefined;
    const entry: Entry = { version: 0, updatedAtMs: 0, document: checked.document };
    entries[kind].set(row.id, entry);
    return entry;
  };

  const refresh = async (minAgeMs = 0): Promise<void> => {
    if (reading === null) {
      if (deps.clock.monotonicMs() - readAtMs < minAgeMs) return;
      reading = read().finally(() => {
        reading = null;
      });
    }
    await reading;
  };

  return {
    async ready() {
      if (readAtMs === Number.NEGATIVE_INFINITY) return refresh();
      if (deps.clock.monotonicMs() - readAtMs > refreshMs) {
        refresh().catch((error: Error) => {
          readAtMs = deps.clock.monotonicMs();
          deps.log.warn('configuration not refreshed, last copy stays in force', { error: error.message });
        });
      }
    },
    refresh,
    get<K extends ConfigKind>(kind: K, id: string) {
      return entries[kind].get(id)?.document as ConfigDocuments[K] | undefined;
    },
    list<K extends ConfigKind>(kind: K) {
      return [...entries[kind].values()].map((entry) => entry.document as ConfigDocuments[K]);
    },
    faults: () => [...faults.values()],
  };
}

const lastGoodKey = (key: string): string => `last-good/${key}`;

/** Schema, and that the document carries the id it is stored under. */
export function validateConfig<K extends ConfigKind>(
  kind: K,
  id: string,
  body: unknown,
): { ok: true; document: ConfigDocuments[K] } | { ok: false; problems: FieldProblem[] } {
  const checked = validateDocument(configSchemas[kind], body);
  if (!checked.ok) return checked;
  const document = checked.value as ConfigDocuments[K];
  if (document.id !== id) {
    return {
      ok: false,
      problems: [
        { field: 'id', message: `must be ${JSON.stringify(id)}, the id it is stored under`, received: document.id },
      ],
    };
  }
  // Devices and surrogates know an app by its manifest, the table by its row.
  if (kind === 'app' && (document as App).manifest.id !== id) {
    const received = (document as App).manifest.id;
    return {
      ok: false,
      problems: [{ field: 'manifest.id', message: `must be ${JSON.stringify(id)}, the app's id`, received }],
    };
  }
  return { ok: true, document };
}
