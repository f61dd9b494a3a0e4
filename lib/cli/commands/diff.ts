import type { Command } from 'commander';
import { cdk, type DeployOptions, deployOptions, readDeployment } from '../cdk.ts';

/** `oaas diff`: what a deployment would change. */
export function register(program: Command): void {
  deployOptions(program.command('diff [cdkArguments...]'))
    .description('what "oaas deploy" would change on AWS')
    .action(async (cdkArguments: string[], options: DeployOptions) => {
      await readDeployment(options);
      await cdk(['diff', '--all', ...cdkArguments], options);
    });
}
