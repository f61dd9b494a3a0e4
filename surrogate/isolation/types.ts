/** What a sandbox is to be prepared for: one app of one digest. */
export interface SandboxSpec {
  digest: string;
  /** Folder with the extracted bundle. */
  appDir: string;
  /** Path inside it. */
  entry: string;
  memoryMiB: number;
  /** Cores one run may use. */
  parallelism: number;
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
  wrap(slot: Slot, spec: SandboxSpec, runtime: RuntimeCommand): Command;
  /** Removes what `wrap` left outside the sandbox. */
  clean(slot: Slot): Promise<void>;
}

/** A runtime's command line; `app(path)` and `file(path)` are resolved by the isolation to paths inside it. */
export interface RuntimeCommand {
  /** Executables and files of the runtime outside the app, e.g. the Node binary and the runner. */
  executable: string;
  support: readonly string[];
  arguments(spec: SandboxSpec, at: { support: (file: string) => string; appDir: string }): string[];
}

/** Why a run ended without a result of the app. */
export type SandboxFailure =
  | { kind: 'app-error'; detail: string }
  | { kind: 'load-error'; detail: string }
  | { kind: 'died'; detail: string }
  | { kind: 'output-cap'; detail: string }
  | { kind: 'killed'; detail: string };
