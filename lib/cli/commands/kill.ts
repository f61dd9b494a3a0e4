import type { Command } from 'commander';
import { paths } from '../../ports/contracts/wire.ts';
import { CliError } from '../errors.ts';
import { writeJson, writeLine } from '../io.ts';
import { findOperator, type OperatorOptions, operatorOptions } from '../operator.ts';

/** `oaas kill TASK`: ends a task and its whole process tree, wherever it runs. */
export function register(program: Command): void {
  operatorOptions(program.command('kill <task>'))
    .description('kill a task and its whole process tree; its caller gets the error task-killed')
    .addHelpText('after', '\nExample:\n  $ npx oaas kill "$(npx oaas tasks --json | jq -r .tasks[0].taskId)"')
    .action(async (taskId: string, options: OperatorOptions) => {
      const operator = await findOperator(options);
      const path = paths.task(encodeURIComponent(taskId));
      const failures: string[] = [];
      for (const region of operator.regions) {
        try {
          await operator.send(region, 'DELETE', path);
          if (options.json) writeJson({ killed: taskId, region: region.id });
          else writeLine(`task ${taskId} killed (${region.id})`);
          return;
        } catch (error) {
          if (!(error instanceof CliError)) throw error;
          failures.push(`${region.id}: ${error.message}`);
        }
      }
      throw new CliError(`task ${taskId} was not killed\n  ${failures.join('\n  ')}`);
    });
}
