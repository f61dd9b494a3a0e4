import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allPages, readPage, repository } from '../../support/markdown.ts';

const pages = allPages();
const byPath = new Map(pages.map((page) => [page.path, page]));

/** Why a link leads nowhere, or null. Pages of the web are not fetched: only their form is looked at. */
function fault(from: string, url: string): string | null {
  if (/^(https?|mailto):/.test(url)) return URL.canParse(url) ? null : 'is not a URL';
  const [file = '', anchor] = decodeURI(url).split('#');
  const target = file === '' ? from : normalize(join(dirname(from), file));
  if (target.startsWith('..')) return 'leaves the repository';
  if (!existsSync(join(repository, target))) return `no file ${target}`;
  if (anchor === undefined) return null;
  return byPath.get(target)?.anchors.has(anchor) === false ? `${target} has no heading #${anchor}` : null;
}

describe('links of the documentation', () => {
  it.each(pages.map((page) => [page.path, page] as const))('%s', (path, page) => {
    const broken = page.links.flatMap(({ line, url }) => {
      const why = fault(path, url);
      return why === null ? [] : [`${path}:${line} ${url}: ${why}`];
    });
    expect(broken).toEqual([]);
  });

  it('every page of docs/ can be reached from the README', () => {
    // docs/experiments.md holds the text of the pages in docs/experiments.
    const reached = new Set<string>();
    const follow = (path: string): void => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const { url } of byPath.get(path)?.links ?? []) {
        if (!/^[a-z]+:/.test(url)) follow(normalize(join(dirname(path), url.split('#')[0] || '.')));
      }
    };
    follow('README.md');
    expect(
      pages
        .map((p) => p.path)
        .filter((p) => p.startsWith('docs/') && !p.startsWith('docs/experiments/') && !reached.has(p)),
    ).toEqual([]);
  });

  it('are really looked at', () => {
    const page = readPage(
      'docs/model.md',
      '[gone](nowhere.md), [no heading](limits.md#nothing-like-that), [ok](limits.md)',
    );
    expect(page.links.map(({ url }) => fault('docs/model.md', url))).toEqual([
      'no file docs/nowhere.md',
      'docs/limits.md has no heading #nothing-like-that',
      null,
    ]);
  });
});

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: repository,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(repository, file)));
const topFolders = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));

/** Whether text in code style names a file or folder of the repository; what is built into `dist` or `out` is not in it. */
function isPath(text: string): boolean {
  if (/[^\w@./*{},-]/.test(text) || /(^|\/)(dist|out)(\/|$)/.test(text)) return false;
  return (
    /[\w*]\.(tsx?|sh|nft|py|md|svg|yml)$/.test(text) || (text.includes('/') && topFolders.has(text.split('/')[0]!))
  );
}

/** Pages may leave out the folders that their subject makes clear: `tickets/verifier.ts` of the surrogate. */
function isThere(path: string): boolean {
  const pattern = path
    .replace(/\/$/, '')
    .replace(/[.]/g, '\\.')
    .replace(/\*/g, '[^/]*')
    .replace(/\{([^}]*)\}/g, (_, names: string) => `(${names.replaceAll(',', '|')})`);
  const wanted = new RegExp(`(^|/)${pattern}(/|$)`);
  return files.some((file) => wanted.test(file));
}

describe('files that are named', () => {
  it.each(pages.map((page) => [page.path, page] as const))('in %s are there', (_, page) => {
    expect(page.code.filter(({ text }) => isPath(text) && !isThere(text))).toEqual([]);
  });

  it('as pages in comments are there', () => {
    const sources = files.filter((file) =>
      /^(lib|lambdas|surrogate|sdk|dashboard|scripts)\/.*\.(tsx?|java|sh)$/.test(file),
    );
    expect(sources.length).toBeGreaterThan(100);
    const missing = sources.flatMap((file) => {
      const named = readFileSync(join(repository, file), 'utf8').match(/(?<![\w./-])[a-z0-9][\w./-]*\.md\b/g) ?? [];
      return named.filter((page) => !isThere(page)).map((page) => `${file}: ${page}`);
    });
    expect(missing).toEqual([]);
  });

  it('are really looked at', () => {
    const named = [
      'lib/nowhere',
      'tickets/nothing.ts',
      'lib/adapters/{aws,local}',
      'dynamodb-*.ts',
      'sdk/typescript/dist',
    ];
    expect(named.filter(isPath).map(isThere)).toEqual([false, false, true, true]);
  });
});
