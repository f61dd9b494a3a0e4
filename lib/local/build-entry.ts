import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';
import { buildAgent } from './build-agent.ts';

/** Root of this checkout. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
/** Inside node_modules, so that a built file finds its packages and `npm ci` clears it. */
export const buildDir = join(projectRoot, 'node_modules', '.cache', 'oaas');

/** Child processes run plain JavaScript: loading TypeScript in each of them would cost memory and start time. */
export async function buildEntry(name: string, entry: string): Promise<string> {
  return replaceWhole(name, (outfile) =>
    build({
      entryPoints: [join(projectRoot, entry)],
      outfile,
      bundle: true,
      packages: 'external',
      platform: 'node',
      target: 'node20',
      format: 'esm',
      logLevel: 'silent',
    }),
  );
}

/** The agent as one file. */
export async function buildAgentFile(): Promise<string> {
  return replaceWhole('agent', buildAgent);
}

/** One after the other: ending the compiler's service would end a build that is under way. */
let last: Promise<unknown> = Promise.resolve();

/** Runs one compilation when those before it are through, and ends the compiler's service, 80 MB of it, afterwards. */
export function compileInTurn<T>(compile: () => Promise<T>): Promise<T> {
  const done = last.then(async () => {
    const made = await compile();
    await stop();
    return made;
  });
  last = done.catch(() => {});
  return done;
}

/** Written beside and renamed: another system of this checkout may be starting its agents at this moment. */
function replaceWhole(name: string, write: (outfile: string) => Promise<unknown>): Promise<string> {
  return compileInTurn(async () => {
    await mkdir(buildDir, { recursive: true });
    const partial = join(buildDir, `${name}.${process.pid}.mjs`);
    await write(partial);
    const file = join(buildDir, `${name}.mjs`);
    await rename(partial, file);
    return file;
  });
}
