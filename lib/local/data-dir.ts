/*
 * The folder of a local system: lock, keys, tables, bundles, machines' work folders, system.json.
 *
 * The lock names a process; a lock whose process is gone is a leftover of a kill and is taken over. `--memory` uses the folder only
 * for what other processes must find (lock, system.json, work folders) and leaves nothing in it.
 */
import { constants, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { access, mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CliError } from '../cli/errors.ts';
import { type SystemFile, systemFileName } from '../ports/contracts/system-file.ts';

export interface DataDir {
  path: string;
  /** Tables, keys, bundles; null with `--memory`. */
  persistent: string | null;
  workDir: string;
  announce(system: SystemFile): void;
  /** Removes lock and system.json, and the work folders. */
  close(): Promise<void>;
}

const lockName = 'lock';

/** Level by level: Node's own recursive mkdir never returns on file systems that refuse with ENOENT, such as /proc. */
async function makeFolders(path: string): Promise<void> {
  if (existsSync(path)) return;
  await makeFolders(dirname(path));
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** @throws CliError naming folder, cause and fix when it cannot be written or another system uses it */
export async function openDataDir(folder: string, memory: boolean): Promise<DataDir> {
  const path = resolve(folder);
  const existed = existsSync(path);
  try {
    await makeFolders(join(path, 'vms'));
    await access(path, constants.W_OK);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new CliError(
      `cannot write to the data folder ${path} (${reason}); choose another one with --data DIR or mend its permissions`,
      2,
      { cause },
    );
  }
  takeLock(join(path, lockName), path);
  const persistent = memory ? null : path;
  return {
    path,
    persistent,
    workDir: join(path, 'vms'),
    announce(system) {
      writeFileSync(join(path, systemFileName), `${JSON.stringify(system, null, 2)}\n`, { mode: 0o600 });
    },
    async close() {
      await rm(join(path, 'vms'), { recursive: true, force: true });
      rmSync(join(path, systemFileName), { force: true });
      rmSync(join(path, lockName), { force: true });
      if (memory && !existed) await rmdir(path).catch(() => {});
    },
  };
}

function takeLock(file: string, path: string): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, JSON.stringify({ pid: process.pid, born: birthOf(process.pid) }), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const judged = readText(file);
      if (judged === null) continue;
      const holder = parseLock(judged);
      if (holder !== null && isRunning(holder)) {
        throw new CliError(
          `another OaaS (process ${holder.pid}) uses ${path}; stop it first, or choose another folder with --data DIR and other ports with --port N`,
          2,
        );
      }
      removeLeftover(file, judged);
    }
  }
  throw new CliError(`${file} is taken again and again; is another OaaS being started at this moment?`);
}

interface Holder {
  pid: number;
  /** Start time of the process, so that a recycled pid is not mistaken for it; null where unknown. */
  born: string | null;
}

/**
 * Removes a lock that was judged to be a leftover, and no other: of two starts that judge the same one, the later would else remove
 * what the earlier has just taken.
 */
export function removeLeftover(file: string, judged: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readText(aside) === judged) rmSync(aside, { force: true });
  else renameSync(aside, file);
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseLock(text: string): Holder | null {
  try {
    const { pid, born } = JSON.parse(text) as Partial<Holder>;
    return typeof pid === 'number' ? { pid, born: born ?? null } : null;
  } catch {
    return null;
  }
}

function isRunning({ pid, born }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return born === null || birthOf(pid) === born;
}

/** Clock ticks since boot at which a process began (Linux). */
function birthOf(pid: number): string | null {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return null;
  const stat = readFileSync(file, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}
