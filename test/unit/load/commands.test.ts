import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeRun } from '../../../lib/cli/commands/run.ts';
import { runCli } from '../../../lib/cli/program.ts';
import { systemFileName } from '../../../lib/ports/contracts/system-file.ts';
import { deviceKey, type FakeAgent, type FakeRegion, fakeAgent, fakeRegion } from '../../support/fake-region.ts';

const launcher = fileURLToPath(new URL('../../../bin/oaas.js', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'oaas-load-'));
let agent: FakeAgent;
let region: FakeRegion;

beforeAll(async () => {
  agent = await fakeAgent('vm-1');
  region = await fakeRegion('eu', [agent]);
  const system = {
    version: 1,
    pid: process.pid,
    startedAtMs: 0,
    regions: [{ id: 'eu', geography: 'europe', endpoint: region.url }],
    keys: { device: deviceKey, admin: 'admin' },
  };
  writeFileSync(join(dir, systemFileName), JSON.stringify(system));
});
afterAll(async () => {
  await region.stop();
  await agent.stop();
  rmSync(dir, { recursive: true });
});

function oaas(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, OAAS_ENDPOINT: '', OAAS_API_KEY: '' };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [launcher, ...args], { env, cwd: dir }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** The same in this process, for commands that end before they talk to anyone. */
async function refusal(...args: string[]): Promise<{ code: number; stderr: string }> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const code = await runCli(args);
    return { code, stderr: write.mock.calls.map(([text]) => String(text)).join('') };
  } finally {
    write.mockRestore();
  }
}

describe('oaas run', () => {
  it('prints the result, and beside it where it ran and its parts', async () => {
    const { code, stdout, stderr } = await oaas('run', 'app', 'echo', '--args', '{"n":3}', '--data', '.');
    expect({ code, result: JSON.parse(stdout) }).toEqual({ code: 0, result: { n: 3 } });
    expect(stderr).toMatch(/^ran on vm-1 of eu in [\d.]+ ms: T1 placement .*, T2 network .*, queue .*, Tcloud /);
  });

  it('accounts for tries that were refused and the waits between them', () => {
    const timings = { t1Ms: 5, t2Ms: 70, queueMs: 100, cloudMs: 165, handoffMs: 0, localMs: 0, totalMs: 4_400 };
    const ranOn = { where: 'remote', region: 'eu', vmId: 'vm-1', hops: [] } as const;
    expect(describeRun({ ranOn, timings })).toMatch(/ in 4400\.0 ms: .*, Tcloud 165\.0 ms, .*, other 4060\.0 ms$/);
    expect(describeRun({ ranOn, timings: { ...timings, totalMs: 341 } })).not.toContain('other');
  });

  it('writes everything with --json, by the proxy route too', async () => {
    const { code, stdout } = await oaas('run', 'app', 'echo', '--data', '.', '--mode', 'proxy', '--json');
    expect({ code, answer: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      answer: { result: [], ranOn: { vmId: 'vm-behind-the-region' }, timings: { t2Ms: 0.5 } },
    });
  });

  it('refuses a name that is empty, as of a variable that is not set', async () => {
    const { code, stderr } = await refusal('run', '', 'echo', '--data', '.');
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('received "" "echo"') });
  });

  it.each([
    [['--args', '{a}', '--data', dir], '--args must be JSON (quote it for the shell), received {a}', 2],
    [['--mode', 'fast', '--data', dir], '--mode must be direct or proxy, received fast', 2],
    [['--deadline', '5', '--data', dir], '--deadline must be a duration such as 250ms, 2s, 10m or 1h, received 5', 2],
    // Of what the SDK would refuse too.
    [['--deadline', '61m', '--data', dir], '--deadline must be at most 1h, received 61m', 2],
    [['--key', 'k\n', '--data', dir], 'the device key (--key, OAAS_API_KEY) must be printable ASCII', 2],
    [['--data', join(dir, 'nowhere')], 'no system is running on ', 1],
    [['--endpoint', 'ftp://x', '--key', 'k'], '--endpoint must be an http(s) URL, received ftp://x', 2],
    // In a folder of its own: beside a running system the key would be that one's.
    [['--endpoint', 'http://127.0.0.1:1', '--data', join(dir, 'nowhere')], '--endpoint needs the device key', 2],
    [['--endpoint', 'http://127.0.0.1:1', '--key', 'k', '--deadline', '300ms'], 'could not be offloaded', 1],
  ])('refuses %j with a reason', async (args, message, exitCode) => {
    expect(await refusal('run', 'app', 'echo', ...args)).toEqual({
      code: exitCode,
      stderr: expect.stringContaining(message),
    });
  });
});

describe('oaas load', () => {
  it('sends the load of each mode and sums it up', async () => {
    const csv = join(dir, 'out.csv');
    const echo = ['--data', '.', '--app', 'app', '--method', 'echo', '--json'];
    const runs = await Promise.all([
      oaas('load', 'concurrent', '--n', '25', ...echo, '--csv', csv),
      oaas('load', 'interarrival', '--devices', '10', '--interval', '100ms', '--duration', '300ms', ...echo),
    ]);
    const summaries = runs.map((r) => JSON.parse(r.stdout));
    expect(summaries.map((s) => [s.requests, s.outcomes.remote])).toEqual([
      [25, 25],
      [30, 30],
    ]);
    expect(readFileSync(csv, 'utf8').trim().split('\n')).toHaveLength(26);
  });

  it('plays a trace and prints tables', async () => {
    writeFileSync(join(dir, 'trace.csv'), 'time_ms\n0\n20\n40\n');
    const { code, stdout } = await oaas('load', 'trace', '--file', 'trace.csv', '--data', '.', '--speed', '2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3 requests in /);
    expect(stdout).toMatch(/response ms +mean +p50 +p95 +p99 +max/);
    expect(stdout).toMatch(/T1 placement +T2 network +queue +Tcloud/);
  });

  it('fails when nothing is served, and says why', async () => {
    const key = ['--endpoint', region.url, '--key', 'a-key-that-is-not-known'];
    const { code, stdout } = await oaas('load', 'concurrent', '--n', '2', ...key);
    expect(code).toBe(1);
    expect(stdout).toMatch(/why not served:\n {2}2 x .*unauthenticated/);
  });

  it('finds out before the load that its file cannot be written', async () => {
    const before = agent.seen.length;
    const args = ['load', 'concurrent', '--n', '2', '--app', 'app', '--method', 'echo', '--data', dir];
    const refused = await refusal(...args, '--csv', join(dir, 'no-folder', 'out.csv'));
    expect(refused).toEqual({ code: 2, stderr: expect.stringContaining('cannot write') });
    expect(agent.seen.length).toBe(before);
  });

  it.skipIf(!existsSync('/dev/full'))('shows the summary also when its file can no longer be written', async () => {
    const args = ['load', 'concurrent', '--n', '2', '--app', 'app', '--method', 'echo', '--data', '.'];
    const { code, stdout, stderr } = await oaas(...args, '--csv', '/dev/full');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('cannot write /dev/full') });
    expect(stdout).toMatch(/^2 requests in /);
  });

  it('aims at this machine only unless told otherwise', async () => {
    const args = ['load', 'concurrent', '--n', '1', '--endpoint', 'http://192.0.2.1', '--key', 'k'];
    expect(await refusal(...args)).toEqual({ code: 2, stderr: expect.stringContaining('--allow-remote') });
  });

  it('prints what it has on Ctrl-C', async () => {
    const before = agent.seen.length;
    const args = ['load', 'interarrival', '--data', '.', '--app', 'app', '--method', 'echo', '--devices', '2'];
    const child = spawn(process.execPath, [launcher, ...args, '--interval', '50ms', '--duration', '60s'], { cwd: dir });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    while (agent.seen.length < before + 5) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code).toBe(130);
    expect(stdout).toMatch(/^\d+ requests in .* \(interrupted\)/);
  });
});
