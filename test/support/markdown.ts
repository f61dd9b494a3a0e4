import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import GithubSlugger from 'github-slugger';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { visit } from 'unist-util-visit';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What the documentation's tests look at in one page. Lines count from 1. */
export interface Page {
  /** Path from the root of the repository. */
  path: string;
  blocks: { line: number; language: string; info: string; text: string }[];
  links: { line: number; url: string }[];
  code: { line: number; text: string }[];
  /** Anchors of the headings, as GitHub makes them. */
  anchors: Set<string>;
}

/** Every Markdown page that is under version control. */
export function allPages(): Page[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: repository,
    encoding: 'utf8',
  });
  return listed
    .trim()
    .split('\n')
    .map((path) => readPage(path, readFileSync(join(repository, path), 'utf8')));
}

export function readPage(path: string, text: string): Page {
  const page: Page = { path, blocks: [], links: [], code: [], anchors: new Set() };
  const slugger = new GithubSlugger();
  visit(fromMarkdown(text), (node) => {
    const line = node.position?.start.line ?? 0;
    if (node.type === 'code') {
      page.blocks.push({ line, language: node.lang ?? '', info: node.meta ?? '', text: node.value });
    } else if (node.type === 'link' || node.type === 'image' || node.type === 'definition') {
      page.links.push({ line, url: node.url });
    } else if (node.type === 'inlineCode') {
      page.code.push({ line, text: node.value });
    } else if (node.type === 'heading') {
      let title = '';
      visit(node, (part) => {
        if (part.type === 'text' || part.type === 'inlineCode') title += part.value;
      });
      page.anchors.add(slugger.slug(title));
    }
  });
  return page;
}

/** Shell commands of a block: continued lines joined, comments and blank lines left out. */
export function commandsOf(block: { text: string }): string[] {
  return block.text
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#\s.*$/, '').trim())
    .filter((line) => line !== '');
}
