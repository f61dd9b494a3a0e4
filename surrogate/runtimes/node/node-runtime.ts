import { join } from 'node:path';
import type { RuntimeCommand, SandboxSpec } from '../../isolation/types.ts';

/**
 * JavaScript bundles under the agent's own Node. No V8 helper threads: a run is held to its cores, and helpers would take theirs
 * from the neighbours.
 *
 * @param runnerFile the compiled `runner.ts`
 */
export function nodeRuntime(runnerFile: string): RuntimeCommand {
  return {
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
  };
}
