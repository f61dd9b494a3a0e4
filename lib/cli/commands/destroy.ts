import type { Command } from 'commander';
import { endAllMachines } from '../../adapters/aws/ec2/end-all.ts';
import { stackIds } from '../../infra/names.ts';
import { cdk, type DeployOptions, deployOptions, readDeployment } from '../cdk.ts';
import { writeLine } from '../io.ts';

/** `oaas destroy`: scalers first, then every machine that carries the owner's tag, then the rest. */
export function register(program: Command): void {
  deployOptions(program.command('destroy [cdkArguments...]'))
    .description('remove a deployment from AWS; tables and bundle buckets are kept')
    .addHelpText('after', '\nThe CDK asks before it removes anything; "-- --force" answers yes.')
    .action(async (cdkArguments: string[], options: DeployOptions) => {
      const deployment = await readDeployment(options);
      const scalers = deployment.geographies.map((geography) => stackIds.region(deployment, geography.id));
      await cdk(['destroy', ...scalers, '--exclusively', ...cdkArguments], options);
      for (const { region, ended } of await endAllMachines(deployment)) writeLine(`${region}: ${ended} machines ended`);
      await cdk(['destroy', '--all', ...cdkArguments], options);
    });
}
