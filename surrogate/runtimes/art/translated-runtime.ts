import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { RuntimeCommand, SandboxSpec } from '../../isolation/types.ts';
import { type JvmTools, jvmOptions } from '../jvm/command.ts';
import type { JvmRuntime } from '../jvm/jvm-runtime.ts';
import type { Runtime, UnpackedBundle } from '../runtime.ts';

/** Main class of the translator. */
const translatorClass = 'dev.oaas.surrogate.dex.Translate';
const translatorHeapMiB = 384;
const maxBytes = 256 * 1024 * 1024;
const deadlineMs = 120_000;
const translated = 'translated.jar';

/**
 * APKs and DEX files where there is no Dalvik: translated to JVM bytecode once per bundle (dex2jar), in a sandbox, and run on the JVM. Resources
 * of the Android framework are not there; the code of a UI-free core needs none.
 */
export class TranslatedRuntime implements Runtime {
  readonly id = 'art';
  readonly engine: string;
  readonly command: RuntimeCommand;
  readonly #jvm: JvmRuntime;
  readonly #tools: JvmTools;
  readonly #translatorJars: readonly string[];

  /** @param translatorJars the translator and its libraries */
  constructor(jvm: JvmRuntime, tools: JvmTools, translatorJars: readonly string[]) {
    this.engine = `DEX translated to JVM bytecode, ${jvm.engine}`;
    this.command = jvm.command;
    this.#jvm = jvm;
    this.#tools = tools;
    this.#translatorJars = translatorJars;
  }

  async install(bundle: UnpackedBundle): ReturnType<Runtime['install']> {
    await this.#jvm.prepare();
    const directory = `${bundle.directory}.${this.id}`;
    const outFile = join(directory, translated);
    if (!existsSync(outFile)) {
      const startedMs = performance.now();
      await mkdir(directory, { recursive: true });
      await chmod(directory, 0o755);
      const spec: SandboxSpec = {
        digest: bundle.digest,
        runtime: 'jvm',
        appDir: bundle.directory,
        entry: bundle.manifest.entry,
        memoryMiB: translatorHeapMiB,
        parallelism: 1,
      };
      const { runTool, log } = this.#tools;
      const problem = await runTool({ command: this.#translate(), spec, outFile, maxBytes, deadlineMs });
      if (problem !== null) {
        return { ok: false, problem: `"${bundle.manifest.entry}" could not be translated to JVM bytecode: ${problem}` };
      }
      log.info('translated DEX to JVM bytecode: this machine has no dalvikvm', {
        app: bundle.manifest.id,
        digest: bundle.digest,
        ms: Math.round(performance.now() - startedMs),
      });
    }
    return { ok: true, code: { directory, entry: translated } };
  }

  #translate(): RuntimeCommand {
    const { java } = this.#tools;
    return {
      executable: java.executable,
      support: this.#translatorJars,
      folders: java.folders.map((folder) => ({ from: folder, to: folder })),
      env: { MALLOC_ARENA_MAX: '1' },
      overheadMiB: 192,
      arguments: (spec, at) => [
        ...jvmOptions(spec.memoryMiB, spec.parallelism),
        '-cp',
        this.#translatorJars.map(at.support).join(delimiter),
        translatorClass,
        join(at.appDir, spec.entry),
      ],
    };
  }
}
