import type { ConfigRow, ConfigStore } from '../../lib/ports/config-store.ts';

/** A configuration store in memory; `failWith` makes every call throw. */
export interface MemoryConfig extends ConfigStore {
  failWith: Error | null;
}

export function createMemoryConfig(): MemoryConfig {
  const rows = new Map<string, ConfigRow>();
  const store: MemoryConfig = {
    failWith: null,
    async get(kind, id) {
      guard();
      return structuredClone(rows.get(`${kind}/${id}`) ?? null);
    },
    async list(kind) {
      guard();
      return structuredClone([...rows.values()].filter((row) => row.kind === kind));
    },
    async put(kind, id, body, { nowMs, expectedVersion }) {
      guard();
      const version = rows.get(`${kind}/${id}`)?.version ?? 0;
      if (expectedVersion !== undefined && expectedVersion !== version) return 'conflict';
      rows.set(`${kind}/${id}`, { kind, id, body: structuredClone(body), version: version + 1, updatedAtMs: nowMs });
      return 'written';
    },
    async remove(kind, id) {
      guard();
      return rows.delete(`${kind}/${id}`) ? 'removed' : 'absent';
    },
  };
  const guard = (): void => {
    if (store.failWith !== null) throw store.failWith;
  };
  return store;
}
