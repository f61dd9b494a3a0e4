import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../../surrogate/isolation/choose.ts';
import { findJava } from '../../surrogate/runtimes/jvm/java-home.ts';
import { buildDir, projectRoot } from './build-entry.ts';

/** The Java parts of the agent: runner, translator. Built by Maven on first use and kept beside the other built files. */
export interface JavaTools {
  /** What the agents get as OAAS_JAVA_TOOLS; filled once `ensure` has succeeded. */
  readonly dir: string;
  /** Why apps of the runtimes jvm and art cannot run here, and what to do; null: they can, as far as can be told without building. */
  readonly missing: string | null;
  /** Builds what is not there. Answers null, or why not; a failure is tried again after a minute. */
  ensure(): Promise<string | null>;
}

/** Sources that the build reads; another content, another folder. */
const sources = [
  'surrogate/runtimes/jvm',
  'sdk/android/src/main/java/dev/oaas/wire',
  'sdk/android/src/main/java/dev/oaas/Offloadable.java',
];
const project = 'surrogate/runtimes/jvm/pom.xml';
const retryMs = 60_000;
const saidBytes = 2_000;

export async function createJavaTools(): Promise<JavaTools> {
  const dir = join(buildDir, `java-tools-${await digestOfSources()}`);
  const isBuilt = () => existsSync(join(dir, 'runner.jar'));
  let building: Promise<string | null> | null = null;
  const ensure = async (): Promise<string | null> => {
    if (isBuilt()) return missingJava();
    const missing = missingJava() ?? missingMaven();
    if (missing !== null) return missing;
    building ??= buildWithMaven(project, dir).then((problem) => {
      if (problem !== null) setTimeout(() => (building = null), retryMs).unref();
      return problem;
    });
    return building;
  };
  return {
    dir,
    get missing() {
      return missingJava() ?? (isBuilt() ? null : missingMaven());
    },
    ensure,
  };
}

function missingJava(): string | null {
  const java = findJava();
  return typeof java === 'string' ? java : null;
}

function missingMaven(): string | null {
  const lacking = ['javac', 'mvn'].filter((name) => findProgram(name) === null);
  if (lacking.length === 0) return null;
  return `no ${lacking.join(' and no ')} to build the runner with: install a JDK and Maven (apt install openjdk-17-jdk-headless maven)`;
}

/**
 * Runs a project's `package` into a folder of its own and puts that in place as a whole.
 *
 * @param pom path below the root of this checkout
 * @returns null, or the end of what Maven said
 */
export async function buildWithMaven(pom: string, dir: string): Promise<string | null> {
  const partial = `${dir}.${randomUUID().slice(0, 8)}`;
  await mkdir(partial, { recursive: true });
  const problem = await runMaven(['-q', '-B', '-f', join(projectRoot, pom), `-Doaas.out=${partial}`, 'package']);
  if (problem === null) {
    await rm(join(partial, 'work'), { recursive: true, force: true });
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
