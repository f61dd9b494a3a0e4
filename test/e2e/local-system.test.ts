import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  isAlive,
  launcher,
  oaas,
  type StartedSystem,
  startLocal,
  temporaryFolder,
  until,
} from '../support/local-process.ts';

let system: StartedSystem | null = null;
const folders: ReturnType<typeof temporaryFolder>[] = [];

afterEach(async () => {
  if (system !== null && system.child.exitCode === null) {
    system.child.kill('SIGINT');
    await system.exited;
  }
  system = null;
  for (const folder of folders.splice(0)) folder.remove();
});

function folder(): string {
  const made = temporaryFolder();
  folders.push(made);
  return made.path;
}

const fibonacci = (n: number) => ({
  appId: 'fibonacci',
  requestId: `r-${n}-${Math.random()}`,
  method: 'iterative',
  args: { type: 'application/json', json: [n] },
});

describe('oaas start', () => {
  it('runs tasks, replaces a killed agent, refuses a second instance and leaves nothing after Ctrl-C', async () => {
    const data = folder();
    system = await startLocal(['--data', data, '--memory', '--regions', 'europe']);
    const { file } = system;
    const answer = await until(async () => {
      const got = await system!.post('/v1/invocations', fibonacci(10));
      return got.status === 200 && got;
    });
    expect(JSON.stringify(answer.body.result)).toContain('55');

    const second = await oaas(['start', '--data', data, '--port', '0']);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(String(file.pid));
    expect(second.stderr).toContain('--data');

    // There may be more machines by now, on a machine so slow that the scaler takes it for load.
    const known = (await system.status()).vms;
    const victim = known.find((vm) => vm.vmId === answer.body.vmId)!;
    const agents = await agentPids(system, victim.vmId);
    process.kill(agents[0]!, 'SIGKILL');
    await until(async () => {
      const { vms } = await system!.status();
      const gone = vms.every((vm) => vm.vmId !== victim.vmId || vm.state !== 'ready');
      return gone && vms.some((vm) => vm.poolId === victim.poolId && vm.vmId !== victim.vmId && vm.state === 'ready');
    });
    const next = await until(async () => {
      const got = await system!.post('/v1/invocations', fibonacci(12));
      return got.status === 200 && got;
    });
    expect(next.body.vmId).not.toBe(victim.vmId);
    if (known.length === 1) expect(known.map((vm) => vm.vmId)).not.toContain(next.body.vmId);

    const before = system.processes();
    expect(before.length).toBeGreaterThanOrEqual(3);
    system.child.kill('SIGINT');
    expect(await system.exited).toBe(0);
    expect(before.filter(isAlive)).toEqual([]);
    expect(readdirSync(data)).toEqual([]);
    await expect(fetch(`${system.endpoint}/v1/ping`)).rejects.toThrow();
  });

  it('names its folder in what to try, and stops whole though nobody reads its output any more', async () => {
    const parent = folder();
    const data = join(parent, 'made');
    const args = ['start', '--data', data, '--memory', '--regions', 'europe', '--port', '0'];
    const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await until(() => output.includes('Ctrl-C stops everything.') || child.exitCode !== null);
    expect(output).toContain(`npx oaas run nqueens count --args 8 --data ${data}\n`);
    // As `oaas start | tee log` after Ctrl-C, which ends the reader first.
    child.stdout.destroy();
    child.kill('SIGINT');
    expect(await exited).toBe(0);
    expect(readdirSync(parent)).toEqual([]);
  });

  it('killed outright, takes its children along; the next start takes over folder, keys and configuration', async () => {
    const data = folder();
    system = await startLocal(['--data', data, '--regions', 'europe']);
    const first = system.file;
    const put = await oaas(['sla', 'put', 'mine', '--target', '123ms', '--data', data]);
    expect(put).toMatchObject({ code: 0, stderr: '' });
    const before = system.processes();
    process.kill(first.pid, 'SIGKILL');
    await system.exited;
    await until(() => !before.some(isAlive));

    const gone = await oaas(['status', '--data', data]);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('start');

    system = await startLocal(['--data', data, '--regions', 'europe']);
    expect(system.file.keys).toEqual(first.keys);
    const got = await oaas(['sla', 'get', 'mine', '--data', data]);
    expect(JSON.parse(got.stdout)).toMatchObject({ id: 'mine', targetMs: 123 });
    await until(async () => (await system!.status()).vms.some((vm) => vm.state === 'ready'));
  });

  it('says what to do when a port is taken, the folder cannot be written or an option is wrong', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as AddressInfo;
    const data = folder();
    const taken = await oaas(['start', '--data', data, '--memory', '--regions', 'europe', '--port', String(port)]);
    blocker.close();
    expect(taken.code).toBe(2);
    expect(taken.stderr).toContain(`port ${port} is taken`);
    expect(readdirSync(data)).toEqual([]);

    const unwritable = await oaas(['start', '--data', join('/proc', 'oaas-cannot-be-here')]);
    expect(unwritable.code).toBe(2);
    expect(unwritable.stderr).toContain('--data DIR');

    const unnamed = await oaas(['start', '--data', '']);
    expect([unnamed.code, unnamed.stderr]).toEqual([2, 'oaas: --data must name a folder, received ""\n']);
    const slot = await oaas(['start', '--slot', 'soon']);
    expect(slot.code).toBe(2);
    expect(slot.stderr).toContain('soon');
    const region = await oaas(['start', '--regions', 'atlantis']);
    expect(region.code).toBe(2);
    expect(region.stderr).toContain('europe');
  });
});

/** Processes whose work folder is the machine's. */
async function agentPids(started: StartedSystem, vmId: string): Promise<number[]> {
  const { readlinkSync } = await import('node:fs');
  return started.processes().filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).endsWith(vmId);
    } catch {
      return false;
    }
  });
}
