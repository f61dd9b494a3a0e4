import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

const common = { bundle: true, platform: 'node', target: 'node20', absWorkingDir: root, logLevel: 'silent' } as const;

/** The node runtime's runner as one CommonJS text, which Node loads faster than a module. */
export async function buildRunner(): Promise<string> {
  const runner = await build({
    ...common,
    entryPoints: ['surrogate/runtimes/node/runner.ts'],
    format: 'cjs',
    minify: true,
    write: false,
  });
  return runner.outputFiles[0]!.text;
}

/**
 * Bundles the agent, with the runner inside it, into one ES module that needs nothing but Node >= 20.
 *
 * @param outFile path of the file to write, ending in `.mjs`
 * @throws Error with esbuild's messages when the sources do not compile.
 */
export async function buildAgent(outFile: string): Promise<void> {
  await build({
    ...common,
    entryPoints: ['surrogate/agent.ts'],
    format: 'esm',
    outfile: outFile,
    define: { OAAS_RUNNER_SOURCE: JSON.stringify(await buildRunner()) },
    // CommonJS dependencies inside an ES module expect these.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
}
