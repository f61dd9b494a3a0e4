/** A Debian root folder treated as a machine: bubblewrap makes it the root of mount, process and host-name namespaces of its own. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface MachineOptions {
  /** Folder that becomes `/`. */
  root: string;
  /** With the resolver of this host, for package installation. */
  resolver?: boolean;
  /** Folder of this host that becomes `/run`; absent: an empty one. */
  run?: string;
}

/** Command and arguments that run `command` as root of the machine, in the network namespace of the caller. */
function inMachine(options: MachineOptions, command: readonly string[]): [file: string, args: string[]] {
  const shared = options.resolver ? ['/etc/resolv.conf', '/etc/hosts'] : [];
  const args = [
    ...['--bind', options.root, '/', '--dev', '/dev', '--proc', '/proc'],
    ...(options.run === undefined ? ['--tmpfs', '/run'] : ['--bind', options.run, '/run']),
    ...shared.flatMap((file) => ['--ro-bind', file, file]),
    // Root as on a machine of its own: it makes namespaces for sandboxes and sets the packet filter.
    ...['--unshare-pid', '--unshare-uts', '--cap-add', 'ALL', '--die-with-parent'],
    ...['--clearenv', '--setenv', 'PATH', path, '--setenv', 'HOME', '/root', '--setenv', 'LANG', 'C.UTF-8'],
  ];
  return ['bwrap', [...args, '--', ...command]];
}

/** Runs the commands of an image component's step, as Image Builder does: one bash script. @throws with its output */
export async function runStep(options: MachineOptions, commands: readonly string[]): Promise<string> {
  const [file, args] = inMachine(options, ['bash', '-c', commands.join('\n')]);
  const { stdout, stderr } = await promisify(execFile)(file, args, { timeout: 1_200_000, maxBuffer: 64 * 1024 * 1024 });
  return stdout + stderr;
}

export function startInMachine(options: MachineOptions, command: readonly string[]): ChildProcess {
  const [file, args] = inMachine(options, command);
  return spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
