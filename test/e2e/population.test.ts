/** A short population against a real local system: real decisions, both outcomes recorded, and the record judged. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseRecords } from '../../lib/experiments/decision/record.ts';
import { always, judge, oracle } from '../../lib/experiments/decision/rules.ts';
import { populationOutputSchema } from '../../lib/ports/contracts/cli-output.ts';
import { oaas, type StartedSystem, startLocal, temporaryFolder, until } from '../support/local-process.ts';

const folder = temporaryFolder();
const data = join(folder.path, 'data');
let system: StartedSystem;

beforeAll(async () => {
  system = await startLocal(['--data', data, '--memory', '--regions', 'europe']);
  await until(async () => (await system.status()).vms.some((vm) => vm.state === 'ready'));
});
afterAll(async () => {
  system.child.kill('SIGINT');
  await system.exited;
  folder.remove();
});

it('drives simulated devices through the SDK, reports what it saved and records both outcomes', async () => {
  const csv = join(folder.path, 'population.csv');
  const run = ['--devices', '12', '--duration', '5s', '--rate', '8', '--pause', '100ms', '--start-hour', '12'];
  const { code, stdout, stderr } = await oaas(['load', 'population', ...run, '--csv', csv, '--json', '--data', data]);
  expect(code, stderr).toBe(0);
  const report = populationOutputSchema.parse(JSON.parse(stdout));
  const { outcomes, compared } = report;
  expect(report.tasks).toBeGreaterThan(0);
  expect(Object.values(outcomes).reduce((a, b) => a + b)).toBe(report.tasks);
  expect(report.devices).toBeLessThanOrEqual(12);
  expect(compared).not.toBeNull();
  expect(compared!.regret).toBeGreaterThanOrEqual(-1e-9);

  const text = readFileSync(csv, 'utf8');
  expect(text).toMatch(/^# date: .*\n# machine: .*\n# command: oaas load population/);
  const records = parseRecords(text, 'population.csv');
  expect(records).toHaveLength(compared!.tasks);
  const local = judge(records, always('local'));
  expect(local.meanMs).toBeCloseTo(compared!.allLocal.meanMs, 2);
  expect(judge(records, always('remote')).meanJ).toBeCloseTo(compared!.allRemote.meanJ, 3);
  expect(judge(records, oracle).meanMs).toBeLessThanOrEqual(local.meanMs);
});

it('refuses what is out of bounds before it starts anything', async () => {
  const csv = join(folder.path, 'none.csv');
  const { code, stderr } = await oaas(['load', 'population', '--devices', '1e9', '--csv', csv, '--data', data]);
  expect(code).toBe(2);
  expect(stderr).toContain('--devices');
  expect(existsSync(csv)).toBe(false);
});
