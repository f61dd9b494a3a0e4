/**
 * Builds the @oaas/sdk package: `npm run build:sdk` writes sdk/typescript/dist (two bundles, the declarations that
 * they need and the licence). Fails when a declaration would reach outside the package.
 */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, 'sdk/typescript/src');

/** @returns size in bytes of each bundle */
export async function buildSdk(outDir: string): Promise<{ node: number; browser: number }> {
  await rm(outDir, { recursive: true, force: true });
  // Not minified: Node prints the line that threw, and bundlers of browser code minify by themselves.
  const common = { bundle: true, format: 'esm', target: 'es2022', legalComments: 'none' } as const;
  const node = join(outDir, 'node.js');
  const browser = join(outDir, 'browser.js');
  await build({ ...common, entryPoints: [join(source, 'index.node.ts')], platform: 'node', outfile: node });
  await build({ ...common, entryPoints: [join(source, 'index.browser.ts')], platform: 'browser', outfile: browser });
  await declarations(join(outDir, 'types'));
  // Apache-2.0, section 4: whoever passes the package on passes the licence on.
  await copyFile(join(root, 'LICENSE'), join(outDir, 'LICENSE'));
  return { node: (await stat(node)).size, browser: (await stat(browser)).size };
}

async function declarations(outDir: string): Promise<void> {
  const all = await mkdtemp(join(tmpdir(), 'oaas-sdk-'));
  try {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-p', join(root, 'sdk/typescript'), '--outDir', all], { stdio: 'inherit' });
    const from = join(all, 'sdk/typescript/src');
    // Only what the public entry reaches: private fields leave no types behind, so internal modules stay out.
    await copyReached(join(from, 'index.node.d.ts'), from, outDir, new Set());
  } finally {
    await rm(all, { recursive: true, force: true });
  }
}

async function copyReached(file: string, from: string, outDir: string, done: Set<string>): Promise<void> {
  if (done.has(file)) return;
  done.add(file);
  const inside = relative(from, file);
  if (inside.startsWith('..')) throw new Error(`a public type of the SDK reaches outside the package: ${inside}`);
  const text = await readFile(file, 'utf8');
  for (const [, target] of text.matchAll(/(?:from|import\()\s*'(\.[^']+)\.ts'/g)) {
    await copyReached(`${resolve(dirname(file), target!)}.d.ts`, from, outDir, done);
  }
  const written = join(outDir, inside);
  await mkdir(dirname(written), { recursive: true });
  await writeFile(written, text.replace(/((?:from|import\()\s*'\.[^']+)\.ts'/g, "$1.js'"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = join(root, 'sdk/typescript/dist');
  const { node, browser } = await buildSdk(dist);
  process.stdout.write(
    `sdk/typescript/dist: node.js ${(node / 1024).toFixed(1)} KiB, browser.js ${(browser / 1024).toFixed(1)} KiB\n`,
  );
}
