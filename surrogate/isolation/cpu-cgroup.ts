import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findV1, findV2, type Hierarchy, periodUs, procfs, type System } from './cgroup-hierarchies.ts';
import type { CpuHold, HoldOptions, SlotLimits, Worth } from './cpu-hold.ts';
import { isAlive, signal } from './proc.ts';

export const ordinaryWeight = 100;
/** Sixteen slots that prepare or take apart get what one task gets. */
const weights = { task: ordinaryWeight, spare: 6 } as const;

interface Slot {
  files: string[];
  limits: string;
  worth: Worth;
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
