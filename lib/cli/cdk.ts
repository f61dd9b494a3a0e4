/** Runs the pinned AWS CDK of this checkout, and keeps between deployments what must not change by itself. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { alignedStart } from '../domain/scaling/aligned-start.ts';
import { projectRoot } from '../local/build-entry.ts';
import { type Deployment, deploymentSchema } from '../ports/contracts/deployment.ts';
import { CliError } from './errors.ts';
import { validate } from './io.ts';

export interface DeployOptions {
  /** Deployment document; absent: the one in cdk.json. */
  config?: string;
}

/** Options that deploy, diff, destroy and doctor share. */
export function deployOptions(command: Command): Command {
  return command.option('--config <file>', 'deployment document (default: "oaas" in cdk.json)');
}

/** @throws CliError naming the file and every field at fault */
export async function readDeployment(options: DeployOptions): Promise<Deployment> {
  const file = options.config ?? join(projectRoot, 'cdk.json');
  const document = await readJson(file);
  const value =
    options.config === undefined ? (document.context as Record<string, unknown> | undefined)?.oaas : document;
  return validate(deploymentSchema, value, options.config === undefined ? `"oaas" in ${file}` : file);
}

/** What one deployment hands to the next; commit the file. */
export interface KeptContext {
  'oaas:scheduleStart'?: string;
  /** Home regions beyond the first that have joined the configuration table. */
  'oaas:replicas'?: number;
}

/** cdk.context.json for the deployment in cdk.json, FILE.context.json beside any other: each has joined replicas of its own. */
const contextFile = ({ config }: DeployOptions): string =>
  config === undefined ? join(projectRoot, 'cdk.context.json') : `${config.replace(/\.json$/, '')}.context.json`;

export async function readKept(options: DeployOptions): Promise<KeptContext> {
  const file = contextFile(options);
  return existsSync(file) ? ((await readJson(file)) as KeptContext) : {};
}

export async function keep(change: KeptContext, options: DeployOptions): Promise<void> {
  const kept = { ...(await readKept(options)), ...change };
  await writeFile(contextFile(options), `${JSON.stringify(kept, null, 2)}\n`);
}

/** The start of the slot schedule is chosen once, so that deploying again changes nothing. */
export async function keepScheduleStart(deployment: Deployment, nowMs: number, options: DeployOptions): Promise<void> {
  if ((await readKept(options))['oaas:scheduleStart'] !== undefined) return;
  const soon = new Date(nowMs + 15 * 60_000);
  const start = alignedStart(soon, deployment.slotMinutes, deployment.bootLeadS);
  await keep({ 'oaas:scheduleStart': start.toISOString() }, options);
}

/** How many replicas each step of a deployment asks for: CloudFormation adds one per update, and none is taken away. */
export function replicaSteps(homes: number, joined: number | undefined): number[] {
  const from = joined === undefined ? 0 : joined + 1;
  return Array.from({ length: Math.max(0, homes - from) }, (_, i) => from + i);
}

/** @throws CliError with the CDK's own exit code */
export async function cdk(args: readonly string[], options: DeployOptions): Promise<void> {
  const program = join(projectRoot, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  if (!existsSync(program))
    throw new CliError('the AWS CDK is not installed; run "npm ci" (with development packages) first');
  const context =
    options.config === undefined ? {} : { oaas: await readDeployment(options), ...(await readKept(options)) };
  const given = Object.entries(context).flatMap(([name, value]) => [
    '-c',
    `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  ]);
  const child = spawn(process.execPath, [program, ...given, ...args, '--no-notices'], {
    cwd: projectRoot,
    stdio: 'inherit',
    env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: '1' },
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 1));
  });
  if (code !== 0) throw new CliError(`cdk ${args[0]} ended with exit code ${code}; its own message is above`);
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new CliError(`cannot read ${file}: ${(cause as Error).message}`, 2, { cause });
  }
}
