import type { Command } from 'commander';
import { examine } from '../../adapters/aws/doctor/examine.ts';
import type { Look } from '../../adapters/aws/doctor/look.ts';
import { createEc2Clients } from '../../adapters/aws/ec2/clients.ts';
import { createZones } from '../../adapters/aws/ec2/zones.ts';
import { names } from '../../infra/names.ts';
import type { Deployment } from '../../ports/contracts/deployment.ts';
import type { Geography } from '../../ports/contracts/topology.ts';
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
    .description(
      'check a deployment on AWS: clock, tables, endpoint, keys, bundles, prices, quotas, image, launch (dry run)',
    )
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
      const looks = wanted.map((geography) => examine(lookAt(deployment, geography)));
      const findings = (await Promise.all(looks)).flat();
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

function lookAt(deployment: Deployment, geography: Geography): Look {
  const awsEndpoint = process.env.OAAS_AWS_ENDPOINT;
  const ec2 = createEc2Clients(awsEndpoint === undefined ? {} : { endpoint: awsEndpoint });
  return {
    deployment,
    geography,
    configTable: names.configTable(deployment),
    stateTable: names.stateTable(deployment, geography.home),
    ticketKeyParameter: names.ticketKeyParameter(deployment, geography.home),
    bundleBucket: (account) => names.bundleBucket(deployment, account, geography.home),
    imageParameter: (architecture) => names.imageParameter(deployment, geography.id, architecture),
    launchTemplate: (architecture) => names.launchTemplate(deployment, geography.id, architecture),
    ec2,
    zones: createZones(ec2, deployment.name, geography.home),
    awsEndpoint,
    dynamoDbEndpoint: process.env.OAAS_DYNAMODB_ENDPOINT ?? awsEndpoint,
    nowMs: Date.now,
  };
}

function byFix(findings: readonly Finding[]): Map<string, Set<string>> {
  const fixes = new Map<string, Set<string>>();
  for (const { fix, check } of findings) {
    if (fix !== null) fixes.set(fix, (fixes.get(fix) ?? new Set()).add(check));
  }
  return fixes;
}
