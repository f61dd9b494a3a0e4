import type { ConfigKind } from './contracts/config.ts';

/** A row as stored; `body` is whatever some client wrote and is validated by the reader. */
export interface ConfigRow {
  kind: ConfigKind;
  id: string;
  body: unknown;
  version: number;
  updatedAtMs: number;
}

/** SLAs, apps and VM-type groups. Throws StoreUnavailableError when the store cannot be reached in time. */
export interface ConfigStore {
  get(kind: ConfigKind, id: string): Promise<ConfigRow | null>;
  list(kind: ConfigKind): Promise<ConfigRow[]>;
  /** Writes unconditionally, or only over `expectedVersion` (0 = must not exist). */
  put(
    kind: ConfigKind,
    id: string,
    body: unknown,
    options: { nowMs: number; expectedVersion?: number },
  ): Promise<'written' | 'conflict'>;
  remove(kind: ConfigKind, id: string): Promise<'removed' | 'absent'>;
}
