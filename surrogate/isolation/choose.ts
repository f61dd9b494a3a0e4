import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Bubblewrap } from './bubblewrap.ts';
import { PlainProcess } from './plain.ts';
import type { Isolation, RuntimeCommand, SandboxSpec } from './types.ts';

interface Options {
  wanted: 'auto' | 'bubblewrap' | 'process';
  /** Refuse plain processes unless they were asked for by name. */
  strict: boolean;
  workDir: string;
  runtime: RuntimeCommand;
}

/** Tries what the machine offers, strongest first; each candidate must really run the runtime's executable. */
export function chooseIsolation(options: Options): { ok: true; isolation: Isolation } | { ok: false; reason: string } {
  let why = 'not asked for';
  if (options.wanted !== 'process') {
    const sandbox = tryBubblewrap(options);
    if (sandbox.ok) return sandbox;
    why = sandbox.reason;
    if (options.wanted === 'bubblewrap' || options.strict) {
      return {
        ok: false,
        reason: `no sandbox: ${why}. Install bubblewrap (apt install bubblewrap), or accept unprotected processes with OAAS_ISOLATION=process`,
      };
    }
  }
  const setpriv = findProgram('setpriv');
  const tmpDir = join(options.workDir, 'tmp');
  return { ok: true, isolation: new PlainProcess({ tmpDir, setpriv, unshare: tryUnshare(setpriv) }) };
}

function tryBubblewrap(options: Options): { ok: true; isolation: Isolation } | { ok: false; reason: string } {
  const binary = findProgram('bwrap');
  if (binary === null) return { ok: false, reason: 'bubblewrap (bwrap) is not installed' };
  const root = process.getuid?.() === 0;
  const setpriv = root ? findProgram('setpriv') : null;
  if (root && setpriv === null) return { ok: false, reason: 'running as root without setpriv (util-linux)' };
  const isolation = new Bubblewrap(binary, setpriv);
  // The probe binds the real work folder: an unreachable one shows here and not at the first request.
  const probeDir = join(options.workDir, 'tmp', 'probe');
  mkdirSync(probeDir, { recursive: true });
  const probe: RuntimeCommand = { ...options.runtime, arguments: () => ['-e', '0'] };
  const spec: SandboxSpec = { digest: '', runtime: 'node', appDir: probeDir, entry: '', memoryMiB: 64, parallelism: 1 };
  const { argv } = isolation.wrap({ index: 0, uid: firstUid() }, spec, probe);
  const run = spawnSync(argv[0]!, argv.slice(1), { env: {}, cwd: '/', timeout: 10_000, encoding: 'utf8' });
  if (run.status === 0) return { ok: true, isolation };
  return { ok: false, reason: `bubblewrap does not work here (${run.stderr?.trim().slice(0, 200) || run.error})` };
}

/** A process namespace as root, or inside a user namespace as anybody else. */
function tryUnshare(setpriv: string | null): string[] | null {
  const binary = findProgram('unshare');
  if (binary === null || setpriv === null) return null;
  const identity = process.getuid?.() === 0 ? [] : ['--user', '--map-current-user'];
  const argv = [binary, ...identity, '--pid', '--fork', '--kill-child=KILL'];
  const run = spawnSync(argv[0]!, [...argv.slice(1), '/bin/sh', '-c', ':'], { timeout: 5_000 });
  return run.status === 0 ? argv : null;
}

/** User ids of this agent's slots: a range of its own, far above those of people and services. */
export const firstUid = (): number => 0x4000_0000 + process.pid * 512;

export function findProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    if (!folder.startsWith('/')) continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not here.
    }
  }
  return null;
}
