/**
 * Builds the task pool in Java (apps-java) into bundles: `npm run build:java-apps` writes out/java-apps/NAME-jvm (a JAR) and
 * out/java-apps/NAME-art (an APK) for `npx oaas app put`. Needs a JDK and Maven.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { packBundle } from '../lib/app/bundles/bundle.ts';
import { projectRoot } from '../lib/local/build-entry.ts';
import { buildWithMaven } from '../lib/local/java-tools.ts';
import { type Manifest, manifestSchema } from '../lib/ports/contracts/config.ts';

const appsSchema = z.record(
  z.string(),
  z.strictObject({ implementation: z.string(), methods: z.record(z.string(), z.unknown()) }),
);
const memoryMiB = 96;

/**
 * @param outDir replaced
 * @returns folders of the bundles by app id
 * @throws Error with Maven's messages
 */
export async function buildJavaApps(outDir: string): Promise<Map<string, string>> {
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  const built = join(outDir, 'built');
  const problem = await buildWithMaven('apps-java/pom.xml', built);
  if (problem !== null) throw new Error(`the Java apps could not be built: ${problem}`);
  const files = { jvm: await readFile(join(built, 'tasks.jar')), art: await packApk(built) };
  const apps = appsSchema.parse(JSON.parse(await readFile(join(projectRoot, 'apps-java', 'apps.json'), 'utf8')));
  const bundles = new Map<string, string>();
  for (const [name, { implementation, methods }] of Object.entries(apps)) {
    for (const [runtime, entry] of [
      ['jvm', 'tasks.jar'],
      ['art', 'tasks.apk'],
    ] as const) {
      const id = `${name}-${runtime}`;
      const requirements = { memoryMiB };
      const manifest = {
        id,
        version: '1.0.0',
        runtime,
        entry,
        methods,
        java: { implementations: [implementation] },
        requirements,
      };
      bundles.set(id, await writeBundle(join(outDir, id), manifestSchema.parse(manifest), files[runtime]));
    }
  }
  return bundles;
}

/** An APK is a zip of the manifest and DEX files; it is not installed on a device here, so it needs no signature. */
async function packApk(built: string): Promise<Uint8Array> {
  const manifest = await readFile(join(projectRoot, 'apps-java', 'AndroidManifest.xml'));
  const [first, second] = await Promise.all(['classes.dex', 'classes2.dex'].map((name) => readFile(join(built, name))));
  return packBundle({ 'AndroidManifest.xml': manifest, 'classes.dex': first!, 'classes2.dex': second! });
}

async function writeBundle(directory: string, manifest: Manifest, code: Uint8Array): Promise<string> {
  await mkdir(directory);
  await writeFile(join(directory, 'oaas.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(join(directory, manifest.entry), code);
  return directory;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const bundles = await buildJavaApps(join(projectRoot, 'out', 'java-apps'));
  for (const [id, directory] of bundles) process.stdout.write(`${id}: npx oaas app put ${directory}\n`);
}
