/** Every command's `--json` output is what `oaas schema COMMAND --output` publishes, with nothing unlisted. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { schemaLoaders } from '../../lib/cli/commands/schema.ts';
import { runCli } from '../../lib/cli/program.ts';
import { type StartedSystem, startLocal, temporaryFolder, until } from '../support/local-process.ts';
import { repository } from '../support/markdown.ts';

const folder = temporaryFolder();
const data = join(folder.path, 'data');
let system: StartedSystem;

beforeAll(async () => {
  system = await startLocal(['--data', data, '--memory', '--regions', 'europe', '--slot', '5s']);
  await until(async () => (await system.status()).pools[0]?.lastSlotMs);
});
afterAll(async () => {
  system.child.kill('SIGINT');
  await system.exited;
  folder.remove();
});

async function json(args: readonly string[]): Promise<unknown> {
  let out = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    out += String(chunk);
    return true;
  });
  try {
    expect(await runCli(args), args.join(' ')).toBe(0);
  } finally {
    stdout.mockRestore();
    process.exitCode = undefined;
  }
  return JSON.parse(out);
}

const example = (name: string): string => join(repository, 'examples', name);
const here = (...args: string[]): string[] => [...args, '--data', data];
const offers = ['--demand-s', '0.04', '--region', 'eu-west-1'];

it.each<[string, string[]]>([
  ['model', ['model', '--file', example('pool.json')]],
  ['plan', ['plan', '--file', example('problem.json')]],
  ['simulate', ['simulate', '--file', example('scenario.json'), '--replications', '1']],
  ['forecast', ['forecast', '--file', example('trace.csv')]],
  ['backtest', ['forecast', '--backtest', '--file', example('trace.csv')]],
  ['prices', ['prices', ...offers]],
  ['whatif', ['whatif', '--vary', 'targetS=0.1..0.3', '--steps', '2', ...offers]],
  ['experiments', ['experiment', 'list']],
  ['run', here('run', 'nqueens', 'count', '--args', '6')],
  ['load', here('load', 'concurrent', '--n', '2')],
  [
    'load-population',
    here(
      'load',
      'population',
      '--devices',
      '6',
      '--duration',
      '4s',
      '--rate',
      '4',
      '--pause',
      '100ms',
      '--start-hour',
      '12',
    ),
  ],
  ['status', here('status')],
  ['explain', here('explain')],
  ['live-plan', here('plan', '--live')],
  ['descriptor', here('descriptor')],
  ['tasks', here('tasks')],
  ['sla', here('sla', 'list')],
  ['group', here('group', 'list')],
  ['app', here('app', 'list')],
  ['quickstart', here('quickstart', join(folder.path, 'quick'))],
])('%s', async (name, args) => {
  const { output } = await schemaLoaders[name]!();
  const value = await json(name === 'descriptor' ? args : [...args, '--json']);
  expect(output.parse(value)).toEqual(value);
});

it('every command that writes JSON is listed, and says so', async () => {
  for (const name of Object.keys(schemaLoaders))
    expect(await json(['schema', name, '--output'])).toHaveProperty('$schema');
});
