import { readdirSync, readFileSync } from 'node:fs';

/** Reads of /proc; every function answers null or nothing where there is none (other systems). */

const ticksPerS = 100;

interface Stat {
  ppid: number;
  /** CPU of the process itself, seconds. */
  cpuS: number;
  /** CPU of its children that ended and were waited for, seconds. */
  childrenCpuS: number;
  startTicks: number;
}

export function readStat(pid: number | 'self'): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name (field 2) may hold spaces and brackets: fields are counted from its last bracket.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const at = (field: number) => Number(fields[field - 3]);
    return {
      ppid: at(4),
      cpuS: (at(14) + at(15)) / ticksPerS,
      childrenCpuS: (at(16) + at(17)) / ticksPerS,
      startTicks: at(22),
    };
  } catch {
    return null;
  }
}

/** CPU nanoseconds of all threads of a process, exact where the kernel keeps schedstat. */
export function readCpuNs(pid: number): number | null {
  try {
    let sum = 0;
    for (const tid of readdirSync(`/proc/${pid}/task`)) {
      sum += Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'latin1').split(' ')[0]);
    }
    return sum;
  } catch {
    return null;
  }
}

export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
      .split(' ')
      .filter((s) => s !== '')
      .map(Number);
  } catch {
    return [];
  }
}

/** The process and everything below it, parents first. */
export function treeOf(pid: number): number[] {
  const tree = [pid];
  for (let i = 0; i < tree.length; i++) tree.push(...childrenOf(tree[i]!));
  return tree;
}

/** Processes whose environment holds `name=value`; finds grandchildren that left session, group and parent behind. */
export function processesWithEnv(accept: (value: string) => boolean, name: string): number[] {
  const found: number[] = [];
  let entries: string[];
  try {
    entries = readdirSync('/proc');
  } catch {
    return found;
  }
  for (const entry of entries) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'latin1').split('\0');
      const value = environment.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
      if (value !== undefined && accept(value)) found.push(Number(entry));
    } catch {
      // Ended meanwhile, or of another user.
    }
  }
  return found;
}

/** Sends a signal; a process that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone.
  }
}

/** `pid:start` names a process for ever, unlike its id alone. */
export function processIdentity(pid: number): string {
  return `${pid}:${readStat(pid)?.startTicks ?? 0}`;
}

export function isAlive(identity: string): boolean {
  const [pid, start] = identity.split(':').map(Number);
  return pid !== undefined && start !== undefined && readStat(pid)?.startTicks === start;
}
