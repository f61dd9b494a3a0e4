import { Command, CommanderError } from 'commander';
import { commandLoaders } from './commands.ts';
import { CliError, ExitCode } from './errors.ts';

/**
 * Runs the command line.
 *
 * @param args the arguments after the program's name
 * @returns the exit code (see `ExitCode`)
 */
export async function runCli(args: readonly string[]): Promise<number> {
  const program = new Command('oaas')
    .description('Offloading as a Service: the same response-time promise at half the rent.')
    .version('0.1.0')
    .showHelpAfterError('(run with --help for usage)')
    .showSuggestionAfterError()
    .exitOverride();
  // Loading only the command asked for keeps `oaas model` at a fraction of a second; help and mistakes load them all.
  const wanted = commandLoaders.find((c) => c.name === args[0]);
  for (const command of wanted ? [wanted] : commandLoaders) {
    const { register } = await command.load();
    register(program.commandsGroup(command.heading));
  }
  try {
    await program.parseAsync(args as string[], { from: 'user' });
    return Number(process.exitCode ?? ExitCode.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.badInput;
    if (error instanceof CliError) {
      process.stderr.write(`oaas: ${error.message}\n`);
      return error.exitCode;
    }
    process.stderr.write(
      `oaas: unexpected error, please report it with this trace:\n${(error as Error).stack ?? error}\n`,
    );
    return ExitCode.failure;
  }
}
