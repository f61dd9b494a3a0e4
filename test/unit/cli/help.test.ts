import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandLoaders } from '../../../lib/cli/commands.ts';
import { wholeProgram } from '../../support/command-line.ts';

describe('oaas --help', () => {
  it('lists every command under what it is for, what a newcomer needs first', () => {
    const help = execFileSync(process.execPath, ['bin/oaas.js', '--help'], { encoding: 'utf8' });
    const [, ...sections] = help.split(/^(?=\S.*:$)/m);
    const listed = sections.map((section) => ({
      heading: section.split('\n')[0],
      commands: [...section.matchAll(/^ {2}([a-z]+)/gm)].map((match) => match[1]),
    }));
    const headings = [...new Set(commandLoaders.map((command) => command.heading))];
    const wanted = headings.map((heading) => ({
      heading,
      commands: commandLoaders.filter((command) => command.heading === heading).map((command) => command.name),
    }));
    expect(listed.filter(({ heading }) => heading !== 'Options:' && heading !== 'Commands:')).toEqual(wanted);
    expect(listed[1]?.commands[0]).toBe('start');
  });

  it('describes all commands alike: no capital letter, no full stop', async () => {
    const program = await wholeProgram();
    const all = program.commands.flatMap((command) => [command, ...command.commands]).map((c) => c.description());
    expect(all.length).toBeGreaterThan(30);
    expect(all.filter((text) => /^[A-Z][a-z]/.test(text) || text.endsWith('.'))).toEqual([]);
  });
});
