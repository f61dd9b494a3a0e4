import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeCommand, SandboxSpec } from '../../isolation/types.ts';
import { type JvmTools, jvmOptions, runnerClass } from './command.ts';

/** Java 13 can archive on exit; an older one starts from its own archive of the JDK's classes only. */
const oldest = 13;
const maxBytes = 64 * 1024 * 1024;
const deadlineMs = 60_000;
const heapMiB = 64;

/**
 * The class-data sharing archive (AppCDS) of one JDK and runner, kept in the cache folder for all agents. It names the class path it was made
 * with, which differs between sandboxes and plain processes: it is made by a run in the same surroundings, and there is one for each.
 */
export class ClassArchive {
  readonly #tools: JvmTools;
  #file: string | null = null;
  #preparing: Promise<void> | null = null;

  constructor(tools: JvmTools) {
    this.#tools = tools;
  }

  /** The archive, or nothing before there is one. */
  get files(): string[] {
    return this.#file === null ? [] : [this.#file];
  }

  prepare(): Promise<void> {
    this.#preparing ??= this.#make();
    return this.#preparing;
  }

  async #make(): Promise<void> {
    const { java, runnerJar, runTool, log, cacheDir, isolationName } = this.#tools;
    if (Number.parseInt(java.version, 10) < oldest) return;
    const hash = createHash('sha256').update(readFileSync(runnerJar)).update(java.home).update(java.version);
    const key = hash.update(runnerJar).update(isolationName).digest('hex').slice(0, 16);
    const file = join(cacheDir, `classes-${key}.jsa`);
    if (!existsSync(file)) {
      try {
        mkdirSync(cacheDir, { recursive: true });
        accessSync(cacheDir, constants.W_OK);
      } catch (error) {
        log.warn('no class archive: its folder cannot be written', { cacheDir, error: (error as Error).message });
        return;
      }
      const spec: SandboxSpec = {
        digest: '',
        runtime: 'jvm',
        appDir: cacheDir,
        entry: '',
        memoryMiB: 128,
        parallelism: 1,
      };
      const problem = await runTool({ command: this.#dump(), spec, outFile: file, maxBytes, deadlineMs });
      if (problem !== null) {
        log.warn('no class archive: each JVM starts without it', { problem });
        return;
      }
    }
    this.#file = file;
  }

  /** The rehearsal of the runner, archived on exit into the sandbox's own folder, and copied out. */
  #dump(): RuntimeCommand {
    const { java, runnerJar } = this.#tools;
    return {
      executable: '/bin/sh',
      support: [runnerJar],
      folders: java.folders.map((folder) => ({ from: folder, to: folder })),
      overheadMiB: 256,
      arguments: (_spec, at) => [
        '-c',
        'archive=$1; shift; "$@" >&2 && cat "$archive"',
        'sh',
        'classes.jsa',
        at.support(java.executable),
        ...jvmOptions(heapMiB, 1),
        '-XX:ArchiveClassesAtExit=classes.jsa',
        '-cp',
        at.support(runnerJar),
        runnerClass,
      ],
    };
  }
}
