import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { unknownWord, wholeProgram } from '../../support/command-line.ts';
import { allPages, commandsOf } from '../../support/markdown.ts';

let program: Command;
beforeAll(async () => {
  program = await wholeProgram();
});

/** `oaas a|b put --x` stands for two commands; capital words stand for values. */
function spellings(text: string): string[][] {
  const words = (text.replace(/^npx /, '').match(/'[^']*'|"[^"]*"|\S+/g) ?? [])
    .slice(1)
    .map((word) => word.replace(/[[\]]/g, ''))
    .filter((word) => word !== '' && word !== '…' && word !== '...');
  return words.reduce<string[][]>(
    (all, word) => {
      const choices = /^[a-z-]+(\|[a-z-]+)+$/.test(word) ? word.split('|') : [word];
      return all.flatMap((line) => choices.map((choice) => [...line, choice]));
    },
    [[]],
  );
}

const uses = allPages().flatMap((page) => [
  ...page.code.filter(({ text }) => /^(npx )?oaas( |$)/.test(text)).map((c) => ({ ...c, path: page.path })),
  ...page.blocks
    .filter((block) => block.language === 'sh')
    .flatMap((block) => commandsOf(block).map((text) => ({ text, line: block.line, path: page.path })))
    .filter(({ text }) => text.startsWith('npx oaas')),
]);

describe('commands named in the documentation', () => {
  it('exist, with their options', () => {
    const wrong = uses.flatMap(({ text, line, path }) =>
      spellings(text.split(/ [|>&]+ /)[0]!).flatMap((words) => {
        const why = unknownWord(program, words);
        return why === null ? [] : [`${path}:${line} ${text}: ${why}`];
      }),
    );
    expect(wrong).toEqual([]);
    expect(uses.length).toBeGreaterThan(40);
  });

  it('are told apart from those that do not', () => {
    expect(unknownWord(program, ['sla', 'put', 'x', '--target', '1s'])).toBeNull();
    expect(unknownWord(program, ['sla', 'putt'])).toBe('sla has no command putt');
    expect(unknownWord(program, ['status', '--wach'])).toBe('status has no option --wach');
  });

  it('every block says its language; shell commands stand in sh blocks, which are run', () => {
    const wrong = allPages().flatMap((page) =>
      page.blocks
        .filter(({ language, text }) => language === '' && /^\s*(npx|npm|aws|curl|git|node|mvn) /m.test(text))
        .map(({ line }) => `${page.path}:${line}`),
    );
    expect(wrong).toEqual([]);
  });
});
