import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CgroupHold } from '../../../surrogate/isolation/cpu-cgroup.ts';

/** A folder tree that looks like the kernel's, with plain files. */
describe('control groups', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oaas-cgroup-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');
  const options = { name: 'oaas-vm-x.1:1', totalCores: 0.5 };
  const limits = { cores: 0.25, memoryMiB: 128, processes: 64 };

  it('of version 2 go beside our own group, one per VM and one per slot below it', async () => {
    const session = join(folder, 'user.slice', 'app.slice');
    mkdirSync(join(session, 'terminal.scope'), { recursive: true });
    writeFileSync(join(session, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
    const system = {
      mounts: `cgroup2 ${folder} cgroup2 rw,nosuid 0 0\n`,
      cgroup: '0::/user.slice/app.slice/terminal.scope\n',
      root: false,
    };
    const hold = CgroupHold.try(options, system);
    if (!(hold instanceof CgroupHold)) throw new Error(hold);
    expect(hold.description).toContain('v2');
    const vm = join('user.slice', 'app.slice', options.name);
    expect(read(vm, 'cpu.max')).toBe('5000 10000');
    const [joinFile] = await hold.open(3, limits);
    expect(joinFile).toBe(join(folder, vm, 'slot-3', 'cgroup.procs'));
    expect(read(vm, 'slot-3', 'cpu.max')).toBe('2500 10000');
    expect(read(vm, 'slot-3', 'memory.max')).toBe(String(128 * 1_048_576));
    expect(read(vm, 'slot-3', 'pids.max')).toBe('64');
    expect(read(vm, 'cpu.weight')).toBe('100');
    hold.weigh(3, 'spare');
    expect(read(vm, 'slot-3', 'cpu.weight')).toBe('6');
    hold.weigh(3, 'task');
    expect(read(vm, 'slot-3', 'cpu.weight')).toBe('100');
  });

  it('of version 1 are made in every hierarchy; a slot never gets more than the VM', async () => {
    for (const controller of ['cpu', 'memory', 'pids']) mkdirSync(join(folder, controller), { recursive: true });
    const system = {
      mounts: ['cpu', 'memory', 'pids'].map((c) => `cgroup ${join(folder, c)} cgroup rw,${c} 0 0`).join('\n'),
      cgroup: '3:memory:/elsewhere\n2:pids:/\n1:cpu:/\n',
      root: true,
    };
    const hold = CgroupHold.try({ ...options, weight: 1_000 }, system);
    if (!(hold instanceof CgroupHold)) throw new Error(hold);
    expect(read('cpu', options.name, 'cpu.shares')).toBe('10240');
    expect(read('cpu', options.name, 'cpu.cfs_quota_us')).toBe('5000');
    const files = await hold.open(0, { ...limits, cores: 4 });
    expect(files).toHaveLength(3);
    expect(read('cpu', options.name, 'slot-0', 'cpu.cfs_quota_us')).toBe('5000');
    expect(read('memory', options.name, 'slot-0', 'memory.limit_in_bytes')).toBe(String(128 * 1_048_576));
    hold.weigh(0, 'spare');
    expect(read('cpu', options.name, 'slot-0', 'cpu.shares')).toBe('61');
  });

  it('that cannot be had give the reason', () => {
    mkdirSync(folder, { recursive: true });
    const system = { mounts: `cgroup2 ${folder} cgroup2 rw 0 0\n`, cgroup: '0::/a/b\n', root: false };
    expect(CgroupHold.try(options, system)).toMatch(/v2: no cpu controller.*v1: cpu controller not mounted/);
    expect(existsSync(join(folder, options.name))).toBe(false);
  });
});
