import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CpuHold, HoldOptions, SlotLimits, Worth } from './cpu-hold.ts';
import { isAlive, signal } from './proc.ts';

/** A short period keeps small VMs smooth: a quarter core runs 2.5 ms of every 10. */
const periodUs = 10_000;
/** The kernel takes no quota below 1 ms. */
const quotaUs = (cores: number): number => Math.max(1_000, Math.round(cores * periodUs));

export const ordinaryWeight = 100;
/** Sixteen slots that prepare or take apart get what one task gets. */
const weights = { task: ordinaryWeight, spare: 6 } as const;

interface Slot {
  files: string[];
  limits: string;
  worth: Worth;
}

/** One writable hierarchy and how its limits are spelt. */
interface Hierarchy {
  /** Folder under which the VM's group is made. */
  base: string;
  limit(folder: string, limits: Partial<SlotLimits>): void;
  /** Of the one with the cpu controller; 100 is an ordinary group. */
  setWeight?(folder: string, weight: number): void;
}

/**
 * Control groups, version 2 where the folder is delegated to us, version 1 where its cpu controller is writable:
 * one group per VM, one below it per slot, reused by the slot's next sandbox.
 */
export class CgroupHold implements CpuHold {
  readonly description: string;
  readonly #hierarchies: readonly Hierarchy[];
  readonly #options: HoldOptions;
  readonly #opened = new Map<number, Slot>();

  private constructor(hierarchies: readonly Hierarchy[], options: HoldOptions, version: string) {
    this.#hierarchies = hierarchies;
    this.#options = options;
    this.description = `control groups ${version}: ${options.totalCores} cores per ${periodUs / 1000} ms period`;
  }

  /** The hold, or the reason why control groups cannot be used. */
  static try(options: HoldOptions, system: System = procfs): CgroupHold | string {
    const reasons: string[] = [];
    for (const [version, find] of [
      ['v2', findV2],
      ['v1', findV1],
    ] as const) {
      const found = find(system);
      if (typeof found === 'string') {
        reasons.push(`${version}: ${found}`);
        continue;
      }
      const hold = new CgroupHold(found, options, version);
      try {
        hold.#prepare();
        return hold;
      } catch (error) {
        reasons.push(`${version}: ${(error as Error).message}`);
        hold.#remove();
      }
    }
    return reasons.join('; ');
  }

  #prepare(): void {
    for (const { base, limit, setWeight } of this.#hierarchies) {
      const folder = join(base, this.#options.name);
      mkdirSync(folder, { recursive: true });
      limit(folder, { cores: this.#options.totalCores });
      setWeight?.(folder, this.#options.weight ?? ordinaryWeight);
    }
  }

  async open(slotIndex: number, limits: SlotLimits): Promise<readonly string[]> {
    const bounded = { ...limits, cores: Math.min(limits.cores, this.#options.totalCores) };
    const wanted = JSON.stringify(bounded);
    const known = this.#opened.get(slotIndex);
    if (known?.limits === wanted) return known.files;
    const worth = known?.worth ?? 'task';
    const files: string[] = [];
    for (const { base, limit } of this.#hierarchies) {
      const folder = join(base, this.#options.name, `slot-${slotIndex}`);
      mkdirSync(folder, { recursive: true });
      limit(folder, bounded);
      files.push(join(folder, 'cgroup.procs'));
    }
    this.#opened.set(slotIndex, { files, limits: wanted, worth });
    return files;
  }

  weigh(slotIndex: number, worth: Worth): void {
    const slot = this.#opened.get(slotIndex);
    if (slot === undefined || slot.worth === worth) return;
    slot.worth = worth;
    for (const { base, setWeight } of this.#hierarchies) {
      setWeight?.(join(base, this.#options.name, `slot-${slotIndex}`), weights[worth]);
    }
  }

  attach(): void {}

  async empty(slotIndex: number): Promise<void> {
    const files = this.#opened.get(slotIndex)?.files ?? [];
    for (let round = 0; ; round++) {
      const alive = files.flatMap(readPids);
      if (alive.length === 0) return;
      for (const pid of alive) signal(pid, 'SIGKILL');
      await sleep(Math.min(1 + round, 20));
    }
  }

  async close(): Promise<void> {
    for (const slot of this.#opened.keys()) await this.empty(slot);
    this.#remove();
  }

  #remove(): void {
    for (const { base } of this.#hierarchies) removeGroup(join(base, this.#options.name));
  }
}

function readPids(file: string): number[] {
  try {
    return readFileSync(file, 'latin1').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function removeGroup(folder: string): boolean {
  try {
    for (const name of foldersIn(folder)) removeGroup(join(folder, name));
    rmdirSync(folder);
    return true;
  } catch {
    // Not ours, not empty yet or never made: the start-up sweep of a later agent sees to it.
    return false;
  }
}

/** What the kernel says about mounts and about our own groups. */
export interface System {
  mounts: string;
  cgroup: string;
  root: boolean;
}

const procfs: System = {
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

function findV2(system: System): Hierarchy[] | string {
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

function findV1(system: System): Hierarchy[] | string {
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

/**
 * Groups left by agents that died: kills what runs in them and removes them. Names end in `.<pid>:<start>` of their agent.
 *
 * @returns how many groups were swept.
 */
export function sweepGroups(prefix: string): number {
  let swept = 0;
  const bases = new Set<string>();
  for (const find of [findV2, findV1]) {
    const found = find(procfs);
    if (typeof found !== 'string') for (const { base } of found) bases.add(base);
  }
  for (const base of bases) {
    for (const name of foldersIn(base)) {
      if (!name.startsWith(prefix)) continue;
      if (isAlive(name.slice(name.lastIndexOf('.') + 1))) continue;
      const folder = join(base, name);
      for (const slot of foldersIn(folder)) {
        for (const pid of readPids(join(folder, slot, 'cgroup.procs'))) signal(pid, 'SIGKILL');
      }
      if (removeGroup(folder)) swept += 1;
    }
  }
  return swept;
}

/** None where there is no such folder (any more: agents that start together sweep together). */
function foldersIn(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}
