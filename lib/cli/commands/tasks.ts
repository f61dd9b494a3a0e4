import type { Command } from 'commander';
import { z } from 'zod';
import { paths, runningTaskSchema } from '../../ports/contracts/wire.ts';
import { table, writeJson, writeLine } from '../io.ts';
import { findOperator, type OperatorOptions, operatorOptions } from '../operator.ts';

const tasksSchema = z.object({ tasks: z.array(runningTaskSchema), silent: z.array(z.string()) });

/** `oaas tasks`: what runs and waits on every VM, with process ids as in the IoT paper. */
export function register(program: Command): void {
  operatorOptions(program.command('tasks'))
    .description('tasks running and waiting now, with their process ids')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx oaas tasks\n  $ npx oaas kill TASK      ends one of them\n  $ npx oaas tasks --json    with their VMs and request ids',
    )
    .action(async (options: OperatorOptions) => {
      const operator = await findOperator(options);
      const answers = await Promise.all(operator.regions.map((r) => operator.get(r, paths.tasks, tasksSchema)));
      const tasks = answers.flatMap((answer) => answer.tasks);
      const silent = answers.flatMap((answer) => answer.silent);
      if (options.json) return writeJson({ tasks, silent });
      if (tasks.length === 0) writeLine('no task is running or waiting');
      else {
        writeLine(
          table(
            ['task', 'method', 'state', 'pid', 'age'],
            tasks.map((task) => [
              task.taskId,
              `${task.appId}.${task.method}`.slice(0, 16),
              task.state,
              task.pid === null ? '-' : String(task.pid),
              `${(task.ageMs / 1000).toFixed(1)} s`,
            ]),
          ),
        );
      }
      if (silent.length > 0) writeLine(`not answering: ${silent.join(', ')}`);
    });
}
