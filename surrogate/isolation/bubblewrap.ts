import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command, Isolation, RuntimeCommand, SandboxSpec, Slot } from './types.ts';

const tmpfsBytes = 64 * 1024 * 1024;
/** Shared memory has no file behind it: what is written there is memory. */
const sharedMemoryBytes = 16 * 1024 * 1024;

/**
 * Own user, process, network, IPC and mount namespaces; read-only system folders; a private /tmp of 64 MiB; no
 * environment.
 *
 * As root, `bwrap --uid` would leave the sandbox with the host's user id 0: there no user namespace is made and setpriv drops to the
 * slot's own user id inside (bwrap needs root to bind folders that this user could not reach).
 */
export class Bubblewrap implements Isolation {
  readonly name = 'bubblewrap';
  readonly description: string;
  readonly killsTree = true;
  readonly ownUser: boolean;
  readonly #binary: string;
  readonly #setpriv: string | null;
  readonly #system: string[];

  constructor(binary: string, setpriv: string | null) {
    this.#binary = binary;
    this.#setpriv = setpriv;
    this.ownUser = setpriv !== null;
    this.#system = systemFolders();
    this.description = `bubblewrap: own network, processes, files${setpriv === null ? '' : ' and user id'} per run`;
  }

  wrap(slot: Slot, spec: SandboxSpec, runtime: RuntimeCommand): Command {
    const folders = runtime.folders ?? [];
    const support = (file: string) => {
      const folder = folders.find(({ from }) => file.startsWith(`${from}/`));
      return folder === undefined ? `/oaas/${basename(file)}` : folder.to + file.slice(folder.from.length);
    };
    const files = [runtime.executable, ...runtime.support].filter((file) => support(file).startsWith('/oaas/'));
    const env = Object.entries(runtime.env ?? {});
    const dropTo = String(slot.uid);
    const namespaces =
      this.#setpriv === null
        ? ['--unshare-all']
        : [
            ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
            ...['--cap-drop', 'ALL'],
            ...['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'].flatMap((c) => ['--cap-add', c]),
          ];
    const drop =
      this.#setpriv === null
        ? []
        : [
            this.#setpriv,
            '--reuid',
            dropTo,
            '--regid',
            dropTo,
            '--clear-groups',
            '--bounding-set=-all',
            '--inh-caps=-all',
          ];
    return {
      argv: [
        this.#binary,
        ...namespaces,
        ...['--die-with-parent', '--new-session', '--as-pid-1', '--clearenv', '--hostname', 'sandbox'],
        ...this.#system,
        ...['--proc', '/proc', '--dev', '/dev'],
        ...['--size', String(sharedMemoryBytes), '--perms', '1777', '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
        ...['--size', String(tmpfsBytes), '--perms', '1777', '--tmpfs', '/tmp'],
        ...['--ro-bind', spec.appDir, '/app', '--perms', '0755', '--dir', '/oaas'],
        ...files.flatMap((file) => ['--ro-bind', file, support(file)]),
        // What /usr holds is there already, at its own path.
        ...folders.flatMap(({ from, to }) => (from === to && from.startsWith('/usr/') ? [] : ['--ro-bind', from, to])),
        ...env.flatMap(([name, value]) => ['--setenv', name, value]),
        ...['--remount-ro', '/', '--chdir', '/tmp', '--'],
        ...drop,
        support(runtime.executable),
        ...runtime.arguments(spec, { support, appDir: '/app' }),
      ],
      env: {},
      cwd: '/',
    };
  }

  async clean(): Promise<void> {}
}

/** Read-only system folders, merged-/usr links kept as links. */
function systemFolders(): string[] {
  const options = ['--ro-bind', '/usr', '/usr'];
  for (const folder of ['/lib', '/lib64', '/lib32', '/bin', '/sbin']) {
    if (!existsSync(folder)) continue;
    if (lstatSync(folder).isSymbolicLink()) options.push('--symlink', readlinkSync(folder), folder);
    else options.push('--ro-bind', folder, folder);
  }
  // Folders that bwrap makes on the way are for their owner only: those on the path of others are made first.
  options.push('--perms', '0755', '--dir', '/etc');
  if (existsSync('/etc/ld.so.cache')) options.push('--ro-bind', '/etc/ld.so.cache', '/etc/ld.so.cache');
  return options;
}
