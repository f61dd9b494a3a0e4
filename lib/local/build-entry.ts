import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildAgent } from './build-agent.ts';

/** Root of this checkout. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
/** Inside node_modules, so that a built file finds its packages and `npm ci` clears it. */
export const buildDir = join(projectRoot, 'node_modules', '.cache', 'oaas');

/** Child processes run plain JavaScript: loading TypeScript in each of them would cost memory and start time. */
export async function buildEntry(name: string, entry: string): Promise<string> {
  await mkdir(buildDir, { recursive: true });
  const outfile = join(buildDir, `${name}.mjs`);
  await build({
    entryPoints: [join(projectRoot, entry)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'silent',
  });
  return outfile;
}

/** The agent as one file. */
export async function buildAgentFile(): Promise<string> {
  await mkdir(buildDir, { recursive: true });
  const file = join(buildDir, 'agent.mjs');
  await buildAgent(file);
  return file;
}
