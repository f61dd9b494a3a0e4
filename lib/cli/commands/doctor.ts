import type { Command } from 'commander';
import { examine } from '../../adapters/aws/doctor/examine.ts';
import { names } from '../../infra/names.ts';
import type { Finding } from '../../ports/diagnosis.ts';
import { type DeployOptions, deployOptions, readDeployment } from '../cdk.ts';
import { badInput, ExitCode } from '../errors.ts';
import { table, writeJson, writeLine } from '../io.ts';

interface DoctorOptions extends DeployOptions {
  region?: string;
  json?: boolean;
}

/** `oaas doctor`: what only real AWS can show of a deployment. */
export function register(program: Command): void {
  deployOptions(program.command('doctor'))
    .description('Check a deployment on AWS: clock, endpoint, ticket keys, prices, quotas, image, launch (dry run).')
    .option('--region <home>', 'one geography, by its home region (default: all)')
    .option('--json', 'machine-readable')
    .addHelpText(
      'after',
      `
Reads only; the launch is a dry run. Exit code 0: all well, 1: something failed.

Examples:
  $ npx oaas doctor --region eu-central-1
  $ npx oaas doctor --json | jq '.[] | select(.status != "ok")'`,
    )
    .action(async (options: DoctorOptions) => {
      const deployment = await readDeployment(options);
      const homes = deployment.geographies.map((geography) => geography.home);
      const wanted = deployment.geographies.filter((g) => options.region === undefined || g.home === options.region);
      if (wanted.length === 0)
        throw badInput(`--region "${options.region}" is no home region; there are ${homes.join(', ')}`);
      const findings = await Promise.all(
        wanted.map((geography) =>
          examine({
            deployment,
            geography,
            configTable: names.configTable(deployment),
            ticketKeyParameter: names.ticketKeyParameter(deployment, geography.home),
            imageParameter: (architecture) => names.imageParameter(deployment, geography.id, architecture),
            launchTemplate: (architecture) => names.launchTemplate(deployment, geography.id, architecture),
            nowMs: Date.now,
          }),
        ),
      ).then((lists) => lists.flat());
      if (options.json) writeJson(findings);
      else {
        writeLine(
          table(
            ['region', 'check', 'status', 'seen'],
            findings.map((f) => [f.region, f.check, f.status, f.detail]),
          ),
        );
        for (const [fix, checks] of byFix(findings)) writeLine(`  → ${[...checks].join(', ')}: ${fix}`);
      }
      if (findings.some((finding) => finding.status === 'failed')) process.exitCode = ExitCode.failure;
    });
}

function byFix(findings: readonly Finding[]): Map<string, Set<string>> {
  const fixes = new Map<string, Set<string>>();
  for (const { fix, check } of findings) {
    if (fix !== null) fixes.set(fix, (fixes.get(fix) ?? new Set()).add(check));
  }
  return fixes;
}
