import { join } from 'node:path';
import type { RuntimeCommand } from '../../isolation/types.ts';
import type { Runtime } from '../runtime.ts';
import { ClassArchive } from './class-archive.ts';
import { appArguments, type JvmTools, jvmOptions, runnerClass } from './command.ts';

/** What a JVM needs beside its heap: metaspace, compiled code, the collector's tables. */
const overheadMiB = 96;

/**
 * JARs in a prespawned JVM that is used once. It starts from an archive of the classes that the JDK and the runner load (class-data
 * sharing), made once per JDK and runner.
 */
export class JvmRuntime implements Runtime {
  readonly id = 'jvm';
  readonly engine: string;
  readonly command: RuntimeCommand;
  readonly #archive: ClassArchive;

  constructor(tools: JvmTools) {
    this.engine = `Java ${tools.java.version}`;
    this.#archive = new ClassArchive(tools);
    this.command = jvmCommand(tools, this.#archive);
  }

  /** Before the first JVM of this agent: the class archive. Without it everything works, only slower. */
  prepare(): Promise<void> {
    return this.#archive.prepare();
  }

  async install({ directory, manifest }: Parameters<Runtime['install']>[0]): ReturnType<Runtime['install']> {
    await this.prepare();
    return { ok: true, code: { directory, entry: manifest.entry } };
  }
}

function jvmCommand({ java, runnerJar }: JvmTools, archive: ClassArchive): RuntimeCommand {
  return {
    executable: java.executable,
    get support() {
      return [runnerJar, ...archive.files];
    },
    folders: java.folders.map((folder) => ({ from: folder, to: folder })),
    env: { MALLOC_ARENA_MAX: '1' },
    channel: 'standard-input',
    overheadMiB,
    arguments: (spec, at) => [
      ...jvmOptions(spec.memoryMiB, spec.parallelism),
      ...archive.files.map((file) => `-XX:SharedArchiveFile=${at.support(file)}`),
      '-cp',
      at.support(runnerJar),
      runnerClass,
      ...appArguments(spec, join(at.appDir, spec.entry)),
    ],
  };
}
