import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'esbuild';
import type { PageFile } from '../app/page/routes.ts';
import { compileInTurn, projectRoot } from './build-entry.ts';

const types: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

/** The live page's files from dashboard/, minified and compressed: script, planner's worker, style sheet and the page itself (''). */
export async function buildPage(): Promise<Map<string, PageFile>> {
  const source = join(projectRoot, 'dashboard');
  const { outputFiles } = await compileInTurn(() =>
    build({
      entryPoints: [join(source, 'main.tsx'), join(source, 'worker.ts'), join(source, 'style.css')],
      outdir: source,
      bundle: true,
      minify: true,
      write: false,
      platform: 'browser',
      target: 'es2022',
      format: 'esm',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      nodePaths: [join(projectRoot, 'node_modules')],
      logLevel: 'silent',
    }),
  );
  const files = new Map<string, PageFile>();
  for (const file of outputFiles) files.set(file.path.slice(source.length + 1), await pack(file.path, file.contents));
  files.set('', await pack('index.html', await readFile(join(source, 'index.html'))));
  return files;
}

async function pack(name: string, contents: Uint8Array): Promise<PageFile> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };
  const [zipped, brotli] = await Promise.all([
    promisify(gzip)(contents),
    promisify(brotliCompress)(contents, { params }),
  ]);
  return {
    type: types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(contents).digest('base64url').slice(0, 22)}"`,
    plain: new Uint8Array(contents),
    gzip: new Uint8Array(zipped),
    brotli: new Uint8Array(brotli),
  };
}
