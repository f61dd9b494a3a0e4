import { existsSync } from 'node:fs';
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
