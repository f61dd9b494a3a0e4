import type { Manifest, RuntimeId } from '../../lib/ports/contracts/config.ts';
import type { RuntimeCommand } from '../isolation/types.ts';

/** A bundle on this machine. */
export interface UnpackedBundle {
  digest: string;
  manifest: Manifest;
  /** Folder with the bundle's files. */
  directory: string;
}

/** Where the code to run lies. */
export interface InstalledCode {
  directory: string;
  /** Path inside it. */
  entry: string;
}

/** What runs the apps of one kind: a command line, and what has to be done once per bundle before it. */
export interface Runtime {
  readonly id: RuntimeId;
  /** One line for log, heartbeat and answers: what really executes the code. */
  readonly engine: string;
  readonly command: RuntimeCommand;
  /** Once per bundle, before its first sandbox. A problem is the bundle's fault and is told to its callers. */
  install(bundle: UnpackedBundle): Promise<{ ok: true; code: InstalledCode } | { ok: false; problem: string }>;
}

/** Every runtime: served, or the reason why it is not and what to do about it. */
export type Runtimes = Readonly<Record<RuntimeId, Runtime | { id: RuntimeId; unserved: string }>>;
