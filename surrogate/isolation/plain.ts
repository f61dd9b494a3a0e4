import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, Isolation, RuntimeCommand, SandboxSpec, Slot } from './types.ts';

/**
 * A plain process with a folder of its own: no protection of files or network, but killed as a tree. Where `unshare` works it gets a
 * process namespace, which no grandchild can leave; `setpriv --pdeathsig` ends it with the agent.
 */
export class PlainProcess implements Isolation {
  readonly name = 'process';
  readonly description: string;
  readonly killsTree: boolean;
  readonly ownUser = false;
  readonly #prefix: readonly string[];
  readonly #tmpDir: string;

  constructor(options: { tmpDir: string; setpriv: string | null; unshare: readonly string[] | null }) {
    this.#tmpDir = options.tmpDir;
    this.killsTree = options.unshare !== null;
    this.#prefix = [
      ...(options.setpriv === null ? [] : [options.setpriv, '--pdeathsig', 'KILL']),
      ...(options.unshare ?? []),
    ];
    this.description = 'plain processes: NO protection of files and network; run only apps that you trust';
  }

  wrap(slot: Slot, spec: SandboxSpec, runtime: RuntimeCommand): Command {
    const folder = this.#folder(slot);
    mkdirSync(folder, { recursive: true });
    return {
      argv: [
        ...this.#prefix,
        runtime.executable,
        ...runtime.arguments(spec, { support: (file) => file, appDir: spec.appDir }),
      ],
      env: { ...runtime.env, TMPDIR: folder },
      cwd: folder,
    };
  }

  async clean(slot: Slot): Promise<void> {
    await rm(this.#folder(slot), { recursive: true, force: true });
  }

  #folder(slot: Slot): string {
    return join(this.#tmpDir, `slot-${slot.index}`);
  }
}
