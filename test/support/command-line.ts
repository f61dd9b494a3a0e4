import { Command } from 'commander';
import { commandLoaders } from '../../lib/cli/commands.ts';

/** The whole command line, with every command loaded. */
export async function wholeProgram(): Promise<Command> {
  const program = new Command('oaas').option('-V, --version', '');
  for (const { load } of commandLoaders) (await load()).register(program);
  return program;
}

/** Why `oaas ...words` names no command or option that exists, or null. Values and arguments are not looked at. */
export function unknownWord(program: Command, words: readonly string[]): string | null {
  let command = program;
  let sub = true;
  for (const word of words) {
    if (word === '--') return null;
    if (word.startsWith('-') && !/^-\d/.test(word)) {
      sub = false;
      const flag = word.split('=')[0]!;
      const known = command.options.some((option) => option.long === flag || option.short === flag);
      if (!known && flag !== '--help' && flag !== '-h') return `${command.name()} has no option ${flag}`;
    } else if (sub && command.commands.length > 0) {
      const next = command.commands.find((c) => c.name() === word || c.aliases().includes(word));
      // Words in capitals stand for a name that the reader fills in.
      if (/^[A-Z]+$/.test(word)) return null;
      if (!next && word !== 'help') return `${command.name()} has no command ${word}`;
      command = next ?? command;
    }
  }
  return null;
}
