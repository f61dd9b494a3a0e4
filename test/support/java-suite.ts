import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { again, downloadFailed } from '../../bench/again.ts';
import { packBundle } from '../../lib/app/bundles/bundle.ts';
import { createJavaTools } from '../../lib/local/java-tools.ts';
import { buildJavaApps } from '../../scripts/build-java-apps.ts';

/** The agent's Java parts, built. @throws Error saying what to install */
export async function javaToolsDir(): Promise<string> {
  return again(async () => {
    const tools = await createJavaTools();
    const problem = await tools.ensure();
    if (problem !== null) throw new Error(`this suite needs a JDK and Maven: ${problem}`);
    return tools.dir;
  }, downloadFailed);
}

/** The task pool in Java, built into bundles. @returns folders by app id */
export const javaApps = (outDir: string): Promise<Map<string, string>> =>
  again(() => buildJavaApps(outDir), downloadFailed);

/**
 * Compiles a folder of Java files against the runner and makes a bundle's folder of them.
 *
 * @returns the folder, which the caller removes
 */
export function javaBundle(source: URL, toolsDir: string, manifest: { id: string; [field: string]: unknown }): string {
  const folder = mkdtempSync(join(tmpdir(), 'oaas-java-app-'));
  const classes = join(folder, 'classes');
  mkdirSync(classes);
  const path = fileURLToPath(source);
  const files = readdirSync(path).map((name) => join(path, name));
  execFileSync('javac', ['--release', '11', '-cp', join(toolsDir, 'runner.jar'), '-d', classes, ...files]);
  const entries = readdirSync(classes).map((name) => [name, readFileSync(join(classes, name))] as const);
  writeFileSync(join(folder, 'app.jar'), packBundle(Object.fromEntries(entries)));
  rmSync(classes, { recursive: true });
  writeFileSync(
    join(folder, 'oaas.json'),
    JSON.stringify({ version: '1.0.0', runtime: 'jvm', entry: 'app.jar', ...manifest }),
  );
  return folder;
}
