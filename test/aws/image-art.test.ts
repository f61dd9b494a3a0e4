/** The Android system is installed as the image does it, from images that are made here in the layouts of Google's, and from broken ones. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootFiles } from '../../lib/infra/agent-folder.ts';
import { DalvikRuntime } from '../../surrogate/runtimes/art/dalvik-runtime.ts';
import { needed } from '../support/machine/debian-root.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'oaas-art-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(async () => {
  for (const [program, from] of [
    ['debugfs', 'e2fsprogs'],
    ['sfdisk', 'fdisk'],
    ['unzip', 'unzip'],
    ['zip', 'zip'],
    ['gcc', 'gcc'],
  ] as const)
    await needed(program, from);
});

let made = 0;
const fresh = (): string => {
  const path = join(folder, String(made++));
  mkdirSync(path);
  return path;
};
const write = (root: string, files: Record<string, string>): string => {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content, { mode: name.includes('bin/') ? 0o755 : 0o644 });
  }
  return root;
};

/** Of Android 8: the runtime is part of the system. */
const oreo = {
  'bin/dalvikvm64': 'vm',
  'bin/linker64': 'linker',
  'bin/dex2oat': 'compiler',
  'bin/sh': 'shell',
  'lib64/libart.so': 'art',
  'lib64/libcutils.so': 'cutils',
  'framework/x86_64/boot.art': 'image',
  'framework/x86_64/boot.oat': 'code',
  'etc/ld.config.txt': 'namespaces',
  'usr/icu/icudt58l.dat': 'unicode',
  'usr/share/zoneinfo/tzdata': 'zones',
  'usr/keylayout/Generic.kl': 'keys',
  'app/Browser/Browser.apk': 'app',
};

async function fileSystem(files: Record<string, string>, mebibytes = 8): Promise<string> {
  const content = write(fresh(), files);
  const out = join(fresh(), 'fs');
  await run('mkfs.ext4', ['-q', '-d', content, '-O', '^has_journal', out, `${mebibytes}M`]);
  return out;
}

/** A GPT disk with `vbmeta` and `system`, as the emulator's images have them. */
async function disk(system: string): Promise<string> {
  const out = join(fresh(), 'disk');
  const start = 4096 * 512;
  const content = readFileSync(system);
  const image = Buffer.alloc(start + content.length + 2048 * 512);
  content.copy(image, start);
  writeFileSync(out, image);
  const table = `label: gpt\nstart=2048, size=2048, name=vbmeta\nstart=4096, size=${content.length / 512}, name=system\n`;
  const sfdisk = run('sfdisk', ['-q', '--no-reread', '--no-tell-kernel', out]);
  sfdisk.child.stdin?.end(table);
  await sfdisk;
  return out;
}

/** As in Google's zips: below the name of the architecture. */
async function zipped(image: string): Promise<string> {
  const root = fresh();
  mkdirSync(join(root, 'x86_64'));
  cpSync(image, join(root, 'x86_64', 'system.img'));
  writeFileSync(join(root, 'x86_64', 'ramdisk.img'), 'ramdisk');
  await run('zip', ['-q', '-r', 'image.zip', 'x86_64'], { cwd: root });
  return join(root, 'image.zip');
}

const digest = (algorithm: string, file: string) =>
  `${algorithm}:${createHash(algorithm).update(readFileSync(file)).digest('hex')}`;

async function install(
  zip: string,
  { bytes = String(statSync(zip).size), hash = digest('sha1', zip) } = {},
): Promise<string> {
  const target = join(fresh(), 'art');
  const script = join(bootFiles, 'install-art.sh');
  await run('bash', [script, `file://${zip}`, bytes, hash, target], {
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, TMPDIR: folder },
  });
  return target;
}

function expectOreo(target: string): void {
  for (const [name, content] of Object.entries(oreo)) {
    const kept = !/dex2oat|bin\/sh|keylayout|^app/.test(name);
    expect(existsSync(join(target, 'system', name)), name).toBe(kept);
    if (kept) expect(readFileSync(join(target, 'system', name), 'utf8')).toBe(content);
  }
  expect(statSync(join(target, 'system/bin/dalvikvm64')).mode & 0o111).toBe(0o111);
  // What the agent needs to find it, and to run it on a kernel without ashmem.
  writeFileSync(join(folder, 'runner.dex'), '');
  const found = DalvikRuntime.find(target, join(folder, 'runner.dex'), 'bubblewrap');
  if (typeof found === 'string') throw new Error(found);
  expect(found.command.env).toEqual({
    ANDROID_ROOT: '/system',
    ANDROID_DATA: '/data',
    LD_PRELOAD: '/system/lib64/liboaas-ashmem.so',
  });
}

describe('what dalvikvm needs is installed, and no more', () => {
  it('from an image that is the system itself (Android 8)', async () => {
    expectOreo(await install(await zipped(await fileSystem(oreo))));
  });

  it('from a partition of a disk that has the system as a folder (Android 9), by its SHA-256 alone', async () => {
    const root = Object.fromEntries(Object.entries(oreo).map(([name, content]) => [`system/${name}`, content]));
    const zip = await zipped(await disk(await fileSystem(root)));
    expectOreo(await install(zip, { bytes: '-', hash: digest('sha256', zip) }));
  });

  it('with the modules of later systems, as folders, as files and as files in files', async () => {
    const apexOf = async (files: Record<string, string>) => {
      const root = fresh();
      cpSync(await fileSystem(files, 1), join(root, 'apex_payload.img'));
      await run('zip', ['-q', '-0', 'm.apex', 'apex_payload.img'], { cwd: root });
      return root;
    };
    const art = await apexOf({ 'lib64/libart.so': 'art of a module' });
    const i18n = await apexOf({ 'etc/icu/icudt66l.dat': 'unicode' });
    cpSync(join(i18n, 'm.apex'), join(i18n, 'original_apex'));
    await run('zip', ['-q', '-0', 'm.capex', 'original_apex'], { cwd: i18n });
    const content = write(fresh(), {
      'system/bin/dalvikvm64': 'vm',
      'system/bin/linker64': 'linker',
      'system/apex/com.android.tzdata/etc/tz/tzdata': 'zones',
    });
    cpSync(join(art, 'm.apex'), join(content, 'system/apex/com.android.art.apex'));
    cpSync(join(i18n, 'm.capex'), join(content, 'system/apex/com.google.android.i18n_compressed.capex'));
    const system = join(fresh(), 'fs');
    await run('mkfs.ext4', ['-q', '-d', content, system, '16M']);
    const target = await install(await zipped(system));
    const read = (name: string) => readFileSync(join(target, 'apex', name), 'utf8');
    expect(read('com.android.art/lib64/libart.so')).toBe('art of a module');
    expect(read('com.android.i18n/etc/icu/icudt66l.dat')).toBe('unicode');
    expect(read('com.android.tzdata/etc/tz/tzdata')).toBe('zones');
    expect(existsSync(join(target, 'system/lib64/liboaas-ashmem.so'))).toBe(false);
  });
});

describe('nothing is installed', () => {
  const refused = async (installing: Promise<string>, reason: RegExp) => {
    const before = readdirSync(folder).length;
    await expect(installing).rejects.toMatchObject({ stderr: expect.stringMatching(reason) });
    // Nor left lying about: one folder for the target, nothing of the work.
    expect(readdirSync(folder).length).toBeLessThanOrEqual(before + 1);
  };

  it('when a byte, the length or the hash is another', async () => {
    const zip = await zipped(await fileSystem(oreo));
    const hash = digest('sha1', zip);
    const bytes = String(statSync(zip).size);
    await refused(install(zip, { bytes: String(Number(bytes) + 1) }), /has \d+ bytes, not \d+/);
    await refused(install(zip, { hash: `sha1:${'0'.repeat(40)}` }), /is not what sha1 0+ says/);
    await refused(install(zip, { hash: 'md5:00' }), /no such hash: md5/);
    const content = readFileSync(zip);
    content[Math.floor(content.length / 2)]! ^= 1;
    writeFileSync(zip, content);
    await refused(install(zip, { bytes, hash }), /is not what sha1 [0-9a-f]+ says/);
    rmSync(zip);
    await refused(install(zip, { bytes, hash }), /could not be fetched/);
  });

  it.each(['bin/dalvikvm64', 'lib64/libart.so', 'framework/x86_64/boot.art', 'usr/icu/icudt58l.dat'])(
    'when the image has no %s',
    async (missing) => {
      const { [missing as keyof typeof oreo]: _, ...rest } = oreo;
      const reason = missing.startsWith('usr/icu') ? /no system\/usr\/icu/ : new RegExp(`has no system/${missing}`);
      await refused(install(await zipped(await fileSystem(rest))), reason);
    },
  );
});

it('memory of a process that takes it from ashmem is anonymous, private and zero', async () => {
  const library = join(folder, 'ashmem.so');
  await run('gcc', ['-shared', '-fPIC', '-nostdlib', '-ffreestanding', '-o', library, join(bootFiles, 'ashmem.c')]);
  const program = `
import ctypes, mmap, sys
create = ctypes.CDLL(sys.argv[1]).ashmem_create_region
fds = [create(b"dalvik-main space", ctypes.c_ulong(1 << 16)) for _ in range(2)]
maps = [mmap.mmap(fds[0], 1 << 16, flags=mmap.MAP_PRIVATE) for _ in range(2)]
maps[0][7] = 42
print(fds[0] >= 0 and fds[1] > fds[0], maps[0][7], maps[1][7])
`;
  const { stdout } = await run('python3', ['-c', program, library]);
  expect(stdout.trim()).toBe('True 42 0');
});
