/** The command line and the CDK as a person runs them, against moto. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../../..', import.meta.url));

/** What makes the CDK's own waiting and asking end at once with moto, where change sets are never ready. */
export const direct = ['--method=direct', '--no-previous-parameters', '--require-approval', 'never'];

export type Run = (args: readonly string[]) => Promise<string>;

/** @returns runs the pinned CDK; answers what it printed; throws it when it fails */
export const cdkWith = (env: Record<string, string>): Run => {
  const program = join(projectRoot, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  return (args) => run([program, ...args, '--no-notices'], { ...env, ...quiet });
};

/** `npx oaas`, from this checkout. */
export const oaasWith = (env: Record<string, string>): Run => {
  return (args) => run([join(projectRoot, 'bin', 'oaas.js'), ...args], { ...env, ...quiet });
};

const quiet = { CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: '1', CI: 'true' };

async function run(args: readonly string[], env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: projectRoot, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${output.slice(-6_000)}`);
  return output;
}
