import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../../surrogate/isolation/choose.ts';
import { findJava } from '../../surrogate/runtimes/jvm/java-home.ts';
import type { AgentEnvName } from '../ports/contracts/agent-env.ts';
import type { RuntimeId } from '../ports/contracts/config.ts';
import { buildDir, projectRoot } from './build-entry.ts';

/** The Java parts of the agent: runner, translator. Built by Maven on first use and kept beside the other built files. */
export interface JavaTools {
  /** Filled once `ensure` has succeeded. */
  readonly dir: string;
  /** What agents that serve Java apps get. */
  readonly environment: Readonly<Partial<Record<AgentEnvName, string>>>;
  /** Why apps of the runtimes jvm and art cannot run here, and what to do; null: they can, as far as can be told without building. */
  readonly missing: string | null;
  /** Null: apps can run now; 'building': soon; else what the last build said. */
  readonly state: string | null;
  /** Builds what is not there. Answers null, or why not; a failure is tried again after a minute. */
  ensure(): Promise<string | null>;
}

/** Sources that the build reads; another content, another folder. */
const sources = [
  'surrogate/runtimes/jvm',
  'sdk/android/src/main/java/dev/oaas/wire',
  'sdk/android/src/main/java/dev/oaas/Offloadable.java',
];
export const toolsProject = 'surrogate/runtimes/jvm/pom.xml';
const retryMs = 60_000;
const buildingRetryMs = 3_000;
/** Longer than any deadline: nobody waits for somebody to install something. */
const missingRetryMs = 3_600_000;
const saidBytes = 2_000;

/** @param java the Java to use instead of the first on the path, as OAAS_JAVA says */
export async function createJavaTools(java = process.env.OAAS_JAVA): Promise<JavaTools> {
  const dir = join(buildDir, `java-tools-${await digestOfSources()}`);
  const isBuilt = () => existsSync(join(dir, 'runner.jar'));
  let building: Promise<string | null> | null = null;
  let failure: string | null = null;
  let served = false;
  const missing = (): string | null => {
    // Asked with every placement: what was found is not looked for again.
    if (served) return null;
    const lacking = lackingJava(java) ?? (isBuilt() ? null : lackingMaven());
    served = lacking === null && isBuilt();
    return lacking;
  };
  const ensure = async (): Promise<string | null> => {
    const lacking = missing();
    if (lacking !== null || isBuilt()) return lacking;
    building ??= buildWithMaven(toolsProject, dir).then((problem) => {
      failure = problem;
      const forget = () => {
        building = null;
      };
      setTimeout(forget, problem === null ? 0 : retryMs).unref();
      return problem;
    });
    return building;
  };
  return {
    dir,
    environment: { OAAS_JAVA_TOOLS: dir, ...(java === undefined ? {} : { OAAS_JAVA: java }) },
    get missing() {
      return missing();
    },
    get state() {
      return served || isBuilt() ? null : (failure ?? 'building');
    },
    ensure,
  };
}

/** For the placement of a Java app: null, or why it cannot run now; begins to build what it needs. */
export function missingJava(tools: JavaTools, runtime: RuntimeId): { detail: string; retryAfterMs: number } | null {
  if (runtime === 'node') return null;
  const { missing, state } = tools;
  if (missing !== null) {
    const detail = `the runtime "${runtime}" is not served on this machine: ${missing}, or run the task locally`;
    return { detail, retryAfterMs: missingRetryMs };
  }
  if (state === null) return null;
  void tools.ensure();
  if (state === 'building') {
    const detail = `the parts of the runtime "${runtime}" are being built with Maven, once; retry after retryAfterMs`;
    return { detail, retryAfterMs: buildingRetryMs };
  }
  return { detail: `the parts of the runtime "${runtime}" could not be built: ${state}`, retryAfterMs: retryMs };
}

function lackingJava(named: string | undefined): string | null {
  const java = findJava(named);
  return typeof java === 'string' ? java : null;
}

function lackingMaven(): string | null {
  const lacking = ['javac', 'mvn'].filter((name) => findProgram(name) === null);
  if (lacking.length === 0) return null;
  return `no ${lacking.join(' and no ')} to build the runner with: install a JDK and Maven (apt install openjdk-17-jdk-headless maven)`;
}

/**
 * Runs a project's `package` into a folder of its own and puts that in place as a whole.
 *
 * @param pom path below the root of this checkout
 * @param profiles of the project, to be active
 * @returns null, or the end of what Maven said
 */
export async function buildWithMaven(
  pom: string,
  dir: string,
  profiles: readonly string[] = [],
): Promise<string | null> {
  const partial = `${dir}.${randomUUID().slice(0, 8)}`;
  await mkdir(partial, { recursive: true });
  const problem = await runMaven([
    '-q',
    '-B',
    '-f',
    join(projectRoot, pom),
    `-Doaas.out=${partial}`,
    ...profiles.map((id) => `-P${id}`),
    'package',
  ]);
  if (problem === null) {
    await rm(join(partial, 'build'), { recursive: true, force: true });
    // Another process may have been first with the same content.
    await rename(partial, dir).catch(() => {});
  }
  await rm(partial, { recursive: true, force: true });
  return problem;
}

function runMaven(args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn('mvn', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const keep = (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-saidBytes);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => resolve(`Maven could not be started: ${error.message}`));
    child.once('close', (code) => resolve(code === 0 ? null : `Maven ended with ${code}: ${said.trim()}`));
  });
}

async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources)
    for (const file of await filesOf(source)) hash.update(file).update(await readFile(join(projectRoot, file)));
  return hash.digest('hex').slice(0, 12);
}

/** Files below a path of this checkout, sorted; of Java projects only what is not built. */
async function filesOf(path: string): Promise<string[]> {
  const entries = await readdir(join(projectRoot, path), { withFileTypes: true }).catch(() => null);
  if (entries === null) return existsSync(join(projectRoot, path)) ? [path] : [];
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name === 'target') continue;
    const below = `${path}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesOf(below)));
    else if (/\.(java|xml)$/.test(entry.name)) found.push(below);
  }
  return found;
}
