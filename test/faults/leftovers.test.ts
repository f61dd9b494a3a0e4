/** What an agent that died left behind is ended and removed by the next one to start, and nothing else is. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { processIdentity } from '../../surrogate/isolation/proc.ts';
import { groupPrefix, sandboxMarker } from '../../surrogate/isolation/sweep.ts';
import { TestRegion } from '../support/agent-region.ts';

const groups = '/sys/fs/cgroup/cpu';
const writable = existsSync(join(groups, 'cgroup.procs')) && process.getuid?.() === 0;
let region: TestRegion;
beforeAll(async () => {
  region = await TestRegion.start();
});
afterAll(() => region.close());

/** A process that has left parent and session, marked as a sandbox of the agent of that identity. */
function stray(identity: string): number {
  const { name, value } = sandboxMarker(identity)(0);
  const child = spawn('sleep', ['300'], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, [name]: value },
  });
  child.unref();
  return child.pid ?? 0;
}
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

it('processes and control groups of a dead agent go, those of a living one stay', async () => {
  const gone = spawn(process.execPath, ['-e', '0']);
  const dead = processIdentity(gone.pid ?? 0);
  await new Promise((resolve) => gone.once('exit', resolve));
  const living = processIdentity(process.pid);
  const [orphan, mine] = [stray(dead), stray(living)];
  const folders = [`${groupPrefix}test.${dead}`, `${groupPrefix}test.${living}`].map((name) => join(groups, name));
  if (writable) {
    for (const folder of folders) mkdirSync(join(folder, 'slot-0'), { recursive: true });
    // In a group, and without the mark: found by the group alone.
    const grouped = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    writeFileSync(join(folders[0]!, 'slot-0', 'cgroup.procs'), String(grouped.pid));
    const ended = new Promise((resolve) => grouped.once('exit', resolve));
    const agent = await region.startAgent({ OAAS_ISOLATION: 'process' });
    await ended;
    await agent.stop();
  }
  const agent = await region.startAgent({ OAAS_ISOLATION: 'process' });
  // Killed before the agent was ready; its end may take a moment on a busy machine.
  await expect.poll(() => alive(orphan), { timeout: 60_000 }).toBe(false);
  expect.soft(alive(mine)).toBe(true);
  process.kill(mine, 'SIGKILL');
  await agent.stop();
  if (writable) {
    expect.soft(readdirSync(groups)).not.toContain(`${groupPrefix}test.${dead}`);
    expect.soft(existsSync(folders[1]!)).toBe(true);
    rmdirSync(join(folders[1]!, 'slot-0'));
    rmdirSync(folders[1]!);
  }
});
