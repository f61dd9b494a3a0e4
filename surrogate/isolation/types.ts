import type { Manifest, RuntimeId } from '../../lib/ports/contracts/config.ts';

/** What a sandbox is to be prepared for: one app of one digest. */
export interface SandboxSpec {
  digest: string;
  runtime: RuntimeId;
  /** Folder with the app's code: the extracted bundle, or what its runtime made of it. */
  appDir: string;
  /** Path inside it. */
  entry: string;
  memoryMiB: number;
  /** Cores one run may use. */
  parallelism: number;
  /** Runtimes `jvm` and `art`: as the manifest says. */
  java?: Manifest['java'];
}

/** A slot is what one sandbox at a time occupies: a number, a user id, a control group. */
export interface Slot {
  index: number;
  uid: number;
}

export interface Command {
  argv: readonly string[];
  env: Record<string, string>;
  cwd: string;
}

/** How a command is shut in. */
export interface Isolation {
  readonly name: 'bubblewrap' | 'process';
  /** One line for the log: what is and what is not isolated. */
  readonly description: string;
  /** True when killing its first process kills everything it started. */
  readonly killsTree: boolean;
  /** True when each slot runs as a user of its own, so that a limit per user is one per sandbox. */
  readonly ownUser: boolean;
  wrap(slot: Slot, spec: SandboxSpec, runtime: RuntimeCommand): Command;
  /** Removes what `wrap` left outside the sandbox. */
  clean(slot: Slot): Promise<void>;
}

/** A runtime's command line, in paths of the machine; the isolation says where each is seen from inside. */
export interface RuntimeCommand {
  executable: string;
  /** Files of the runtime outside the app, e.g. the runner. */
  support: readonly string[];
  /** Folders of the runtime, seen read-only at `to`; the executable may lie in one of them. */
  folders?: readonly { from: string; to: string }[];
  env?: Readonly<Record<string, string>>;
  /**
   * Where the runner reads and answers: descriptor 3 (default), or standard input in both directions, for runtimes that open none by
   * number. Not standard output: a JVM writes its last words there.
   */
  channel?: 'descriptor' | 'standard-input';
  /** Memory that a process of it needs beyond the app's own; 64 unless given. */
  overheadMiB?: number;
  arguments(spec: SandboxSpec, at: { support: (file: string) => string; appDir: string }): string[];
}

/** Why a run ended without a result of the app. */
export type SandboxFailure =
  | { kind: 'app-error'; detail: string }
  | { kind: 'load-error'; detail: string }
  | { kind: 'died'; detail: string }
  | { kind: 'output-cap'; detail: string }
  | { kind: 'killed'; detail: string };
