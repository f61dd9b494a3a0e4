import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeCommand } from '../../isolation/types.ts';
import { appArguments, runnerClass } from '../jvm/command.ts';
import type { Runtime } from '../runtime.ts';

/** The image's copy of an Android system: `system`, `data`, and `apex` since Android 10. */
const parts = ['system', 'apex', 'data'];
/** In place of Android's own shared memory, which the kernel no longer has; only systems until Android 9 need it. */
const ashmem = ['system', 'lib64', 'liboaas-ashmem.so'];
/** What ART needs beside its heap: boot image, compiled code. */
const overheadMiB = 128;

/**
 * APKs and DEX files under `dalvikvm` of the baked image, one process per request as in the IoT paper, but started before the request
 * comes. The system's folders appear in the sandbox where Android has them.
 */
export class DalvikRuntime implements Runtime {
  readonly id = 'art';
  readonly engine: string;
  readonly command: RuntimeCommand;

  private constructor(root: string, binary: string, runnerDex: string) {
    this.engine = `${binary} of ${root}`;
    this.command = dalvikCommand(root, binary, runnerDex);
  }

  /**
   * @param root folder with the Android system, see the image's ART component
   * @param runnerDex the runner and the wire classes as DEX
   * @returns the runtime, or the reason why there is none here
   */
  static find(root: string, runnerDex: string, isolation: string): DalvikRuntime | string {
    const binary = ['dalvikvm64', 'dalvikvm'].find((name) => existsSync(join(root, 'system', 'bin', name)));
    if (binary === undefined) return `no dalvikvm below ${root}`;
    if (isolation !== 'bubblewrap')
      return `${binary} needs bubblewrap, which shows it Android's folders at their paths`;
    if (!existsSync(runnerDex)) return `no ${runnerDex}: build the Java parts into the image`;
    return new DalvikRuntime(root, binary, runnerDex);
  }

  async install({ directory, manifest }: Parameters<Runtime['install']>[0]): ReturnType<Runtime['install']> {
    return { ok: true, code: { directory, entry: manifest.entry } };
  }
}

function dalvikCommand(root: string, binary: string, runnerDex: string): RuntimeCommand {
  return {
    executable: join(root, 'system', 'bin', binary),
    support: [runnerDex],
    folders: parts
      .filter((part) => existsSync(join(root, part)))
      .map((part) => ({ from: join(root, part), to: `/${part}` })),
    env: {
      ANDROID_ROOT: '/system',
      ANDROID_DATA: '/data',
      ...apexRoots(root),
      // See surrogate/image/ashmem.c.
      ...(existsSync(join(root, ...ashmem)) ? { LD_PRELOAD: `/${ashmem.join('/')}` } : {}),
    },
    channel: 'standard-input',
    overheadMiB,
    arguments: (spec, at) => [
      `-Xmx${spec.memoryMiB}m`,
      // Nothing can be moved or compiled ahead into a read-only system: the boot image is used where and as it is.
      '-Xnorelocate',
      '-Xnoimage-dex2oat',
      '-cp',
      at.support(runnerDex),
      runnerClass,
      ...appArguments(spec, join(at.appDir, spec.entry)),
    ],
  };
}

/** Since Android 10 the runtime is a module of its own and finds its files by these. */
function apexRoots(root: string): Record<string, string> {
  const apex = join(root, 'apex');
  const modules = existsSync(apex) ? readdirSync(apex) : [];
  const at = (prefix: string) => modules.find((name) => name.startsWith(prefix));
  const entries = [
    ['ANDROID_ART_ROOT', at('com.android.art') ?? at('com.android.runtime')],
    ['ANDROID_I18N_ROOT', at('com.android.i18n')],
    ['ANDROID_TZDATA_ROOT', at('com.android.tzdata')],
  ] as const;
  return Object.fromEntries(
    entries.flatMap(([name, module]) => (module === undefined ? [] : [[name, `/apex/${module}`]])),
  );
}
