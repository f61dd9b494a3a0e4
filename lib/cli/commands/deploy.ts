import type { Command } from 'commander';
import { stackIds } from '../../infra/names.ts';
import {
  cdk,
  type DeployOptions,
  deployOptions,
  keep,
  keepScheduleStart,
  readDeployment,
  readKept,
  replicaSteps,
} from '../cdk.ts';
import { writeLine } from '../io.ts';

/** `oaas deploy`: everything of the deployment, home regions joining the configuration table one at a time. */
export function register(program: Command): void {
  deployOptions(program.command('deploy [cdkArguments...]'))
    .description('deploy to AWS (the pinned CDK; see docs/deploy.md)')
    .addHelpText(
      'after',
      `
Arguments after -- go to the CDK. The first deployment writes cdk.context.json (FILE.context.json
with --config FILE); commit it, and a second one changes nothing.

Examples:
  $ npx oaas deploy
  $ npx oaas deploy --config examples/deployments/six-geographies.json -- --require-approval never`,
    )
    .action(async (cdkArguments: string[], options: DeployOptions) => {
      const deployment = await readDeployment(options);
      await keepScheduleStart(deployment, Date.now(), options);
      const steps = replicaSteps(deployment.geographies.length, (await readKept(options))['oaas:replicas']);
      const last = steps.pop();
      for (const replicas of steps) {
        const homes = deployment.geographies.slice(0, replicas + 1).map((geography) => geography.home);
        writeLine(`configuration table in ${homes.join(', ')}`);
        await cdk(['deploy', stackIds.global(deployment), '-c', `oaas:replicas=${replicas}`, ...cdkArguments], options);
        await keep({ 'oaas:replicas': replicas }, options);
      }
      // The table's stack comes first of all, so that the last home joins with the rest.
      await cdk(
        ['deploy', '--all', ...(last === undefined ? [] : ['-c', `oaas:replicas=${last}`]), ...cdkArguments],
        options,
      );
      if (last !== undefined) await keep({ 'oaas:replicas': last }, options);
    });
}
