import { join } from 'node:path';
import type { SandboxSpec } from '../../isolation/types.ts';
import type { Runtime } from '../runtime.ts';

/**
 * JavaScript bundles under the agent's own Node. No V8 helper threads: a run is held to its cores, and helpers would take theirs
 * from the neighbours.
 *
 * @param runnerFile the compiled `runner.ts`
 */
export function nodeRuntime(runnerFile: string): Runtime {
  return {
    id: 'node',
    engine: `Node.js ${process.versions.node}`,
    command: {
      executable: process.execPath,
      support: [runnerFile],
      arguments: (spec: SandboxSpec, at) => [
        '--v8-pool-size=0',
        '--no-warnings',
        '--disable-proto=delete',
        `--max-old-space-size=${spec.memoryMiB}`,
        at.support(runnerFile),
        join(at.appDir, spec.entry),
      ],
    },
    install: async ({ directory, manifest }) => ({ ok: true, code: { directory, entry: manifest.entry } }),
  };
}
