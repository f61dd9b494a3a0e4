import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { SlotLimits } from './cpu-hold.ts';

/** A short period keeps small VMs smooth: a quarter core runs 2.5 ms of every 10. */
export const periodUs = 10_000;
/** The kernel takes no quota below 1 ms. */
const quotaUs = (cores: number): number => Math.max(1_000, Math.round(cores * periodUs));

/** One writable hierarchy and how its limits are spelt. */
export interface Hierarchy {
  /** Folder under which the VM's group is made. */
  base: string;
  limit(folder: string, limits: Partial<SlotLimits>): void;
  /** Of the one with the cpu controller; 100 is an ordinary group. */
  setWeight?(folder: string, weight: number): void;
}

/** What the kernel says about mounts and about our own groups. */
export interface System {
  mounts: string;
  cgroup: string;
  root: boolean;
}

export const procfs: System = {
  get mounts() {
    return readFileSync('/proc/self/mounts', 'latin1');
  },
  get cgroup() {
    return readFileSync('/proc/self/cgroup', 'latin1');
  },
  root: process.getuid?.() === 0,
};

function mounts(system: System): { type: string; point: string; options: string[] }[] {
  return system.mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter((fields) => fields[2] === 'cgroup' || fields[2] === 'cgroup2')
    .map(([, point, type, options]) => ({ type: type!, point: point!, options: options!.split(',') }));
}

/** Path of this process in the hierarchy of `controller` ('' = version 2). */
function ownPath(system: System, controller: string): string {
  for (const line of system.cgroup.split('\n')) {
    const [, names, ...path] = line.split(':');
    if (controller === '' ? names === '' : names?.split(',').includes(controller)) return path.join(':');
  }
  return '/';
}

export function findV2(system: System): Hierarchy[] | string {
  const point = mountPoint(system, (mount) => mount.type === 'cgroup2');
  if (point === null) return 'not mounted';
  const own = join(point, ownPath(system, ''));
  // A group with processes in it cannot hand controllers down: ours goes beside us, or as root below the mount.
  const bases = system.root ? [point, dirname(own)] : [dirname(own)];
  for (const base of bases) {
    try {
      if (!readFileSync(join(base, 'cgroup.controllers'), 'latin1').split(/\s/).includes('cpu')) continue;
    } catch {
      continue;
    }
    // One by one: a write is taken whole or not at all. Enabled already is as good.
    for (const controller of ['cpu', 'memory', 'pids']) {
      writeIfPossible(join(base, 'cgroup.subtree_control'), `+${controller}`);
    }
    // Whether it is really ours shows when our group gets its cpu.max.
    return [{ base, limit: limitV2, setWeight: setWeightV2 }];
  }
  return 'no cpu controller delegated to us';
}

function limitV2(folder: string, limits: Partial<SlotLimits>): void {
  if (limits.cores !== undefined) writeFileSync(join(folder, 'cpu.max'), `${quotaUs(limits.cores)} ${periodUs}`);
  if (limits.memoryMiB === undefined) {
    writeFileSync(join(folder, 'cgroup.subtree_control'), '+cpu');
    for (const controller of ['memory', 'pids']) {
      writeIfPossible(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    }
    return;
  }
  writeIfPossible(join(folder, 'memory.max'), String(limits.memoryMiB * 1_048_576));
  writeIfPossible(join(folder, 'memory.swap.max'), '0');
  writeIfPossible(join(folder, 'pids.max'), String(limits.processes ?? 'max'));
}

export function findV1(system: System): Hierarchy[] | string {
  const cpu = v1Base(system, 'cpu');
  if (cpu === null) return 'cpu controller not mounted';
  const memory = v1Base(system, 'memory');
  const pids = v1Base(system, 'pids');
  return [
    { base: cpu, limit: limitV1Cpu, setWeight: setWeightV1 },
    ...(memory === null ? [] : [{ base: memory, limit: limitV1Memory }]),
    ...(pids === null ? [] : [{ base: pids, limit: limitV1Pids }]),
  ];
}

function v1Base(system: System, controller: string): string | null {
  const point = mountPoint(system, (mount) => mount.type === 'cgroup' && mount.options.includes(controller));
  if (point === null) return null;
  const own = join(point, ownPath(system, controller));
  return existsSync(own) ? own : point;
}

function mountPoint(system: System, accept: (mount: { type: string; options: string[] }) => boolean): string | null {
  try {
    return mounts(system).find(accept)?.point ?? null;
  } catch {
    return null;
  }
}

const setWeightV2 = (folder: string, weight: number): void =>
  writeIfPossible(join(folder, 'cpu.weight'), String(weight));

/** Version 1 counts in shares, of which an ordinary group has 1024. */
const setWeightV1 = (folder: string, weight: number): void =>
  writeIfPossible(join(folder, 'cpu.shares'), String(Math.round(weight * 10.24)));

function limitV1Cpu(folder: string, limits: Partial<SlotLimits>): void {
  if (limits.cores === undefined) return;
  writeFileSync(join(folder, 'cpu.cfs_period_us'), String(periodUs));
  writeFileSync(join(folder, 'cpu.cfs_quota_us'), String(quotaUs(limits.cores)));
}

function limitV1Memory(folder: string, limits: Partial<SlotLimits>): void {
  if (limits.memoryMiB === undefined) return;
  const bytes = String(limits.memoryMiB * 1_048_576);
  // Memory and swap together may never be less than memory alone: whether a reused slot grows or shrinks, one order is refused.
  for (let round = 0; round < 2; round++) {
    writeIfPossible(join(folder, 'memory.limit_in_bytes'), bytes);
    writeIfPossible(join(folder, 'memory.memsw.limit_in_bytes'), bytes);
  }
}

function limitV1Pids(folder: string, limits: Partial<SlotLimits>): void {
  if (limits.processes !== undefined) writeIfPossible(join(folder, 'pids.max'), String(limits.processes));
}

function writeIfPossible(file: string, value: string): void {
  try {
    writeFileSync(file, value);
  } catch {
    // Memory and process limits are a second line of defence; without them the runtime's own limit holds.
  }
}
