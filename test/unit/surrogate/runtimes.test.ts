import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packBundle } from '../../../lib/app/bundles/bundle.ts';
import { BundleCache } from '../../../surrogate/bundles.ts';
import { Bubblewrap } from '../../../surrogate/isolation/bubblewrap.ts';
import type { Isolation, SandboxSpec } from '../../../surrogate/isolation/types.ts';
import { findRuntimes } from '../../../surrogate/runtimes/find-runtimes.ts';
import { nodeRuntime } from '../../../surrogate/runtimes/node/node-runtime.ts';
import type { Runtime, Runtimes } from '../../../surrogate/runtimes/runtime.ts';

const folder = mkdtempSync(join(tmpdir(), 'oaas-runtimes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (path: string, content = '') => {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), content, { mode: 0o755 });
  return join(folder, path);
};

const java = file('jdk/bin/java');
file('jdk/release', 'JAVA_VERSION="17.0.1"\n');
file('tools/runner.jar');
file('tools/runner-dex.jar');
file('tools/translator/translator.jar');
file('art/system/bin/dalvikvm64');
file('art/data/dalvik-cache/x');
file('art/apex/com.android.art/lib64/libart.so');
file('oreo/system/bin/dalvikvm64');
file('oreo/system/lib64/liboaas-ashmem.so');

const bubblewrap = new Bubblewrap('/usr/bin/bwrap', '/usr/bin/setpriv');
const log = { info() {}, warn() {}, error() {} };
const runTool = async () => 'no tool runs in this test';

function find(
  change: { java?: string; javaTools?: string; artRoot?: string },
  isolation: Isolation = bubblewrap,
): Runtimes {
  const config = { java, javaTools: join(folder, 'tools'), artRoot: '/nowhere', workDir: folder, ...change };
  return findRuntimes({ config, node: nodeRuntime('/runner.cjs'), isolation, runTool, log });
}
const said = (runtime: Runtimes['jvm']) => ('unserved' in runtime ? `unserved: ${runtime.unserved}` : runtime.engine);
function served(runtime: Runtimes['jvm']): Runtime {
  if ('unserved' in runtime) throw new Error(runtime.unserved);
  return runtime;
}

const spec: SandboxSpec = {
  digest: 'd',
  runtime: 'art',
  appDir: '/apps/d',
  entry: 'app.apk',
  memoryMiB: 80,
  parallelism: 1,
  java: { implementations: ['a.B', 'a.C'], classes: ['a.D'] },
};
/** The command line after bubblewrap's own options. */
const inside = (runtime: Runtime) => {
  const { argv } = bubblewrap.wrap({ index: 0, uid: 7 }, spec, runtime.command);
  return {
    options: argv.slice(0, argv.indexOf('--')).join(' '),
    command: argv.slice(argv.indexOf('--inh-caps=-all') + 1),
  };
};

describe('the runtimes of a machine', () => {
  it('are Node.js alone where Java or its parts are missing, with the reason', () => {
    for (const [change, reason] of [
      [{ java: '/no/java' }, /unserved: no Java at \/no\/java/],
      [{ javaTools: join(folder, 'empty') }, /unserved: the runner is not built/],
    ] as const) {
      const { node, jvm, art } = find(change);
      expect(said(node)).toMatch(/^Node\.js/);
      expect(said(jvm)).toMatch(reason);
      expect(said(art)).toMatch(/unserved: no dalvikvm below/);
    }
  });

  it('translate DEX where there is no dalvikvm, and say so', () => {
    expect(said(find({}).jvm)).toBe('Java 17.0.1');
    expect(said(find({}).art)).toBe('DEX translated to JVM bytecode, Java 17.0.1');
  });

  it('take dalvikvm of the image where sandboxes can show it its folders', () => {
    const artRoot = join(folder, 'art');
    expect(said(find({ artRoot }).art)).toBe(`dalvikvm64 of ${artRoot}`);
    const plain: Isolation = {
      ...bubblewrap,
      name: 'process',
      description: '',
      killsTree: true,
      ownUser: true,
      wrap: () => ({ argv: [], env: {}, cwd: '/' }),
      clean: async () => {},
    };
    expect(said(find({ artRoot }, plain).art)).toMatch(/translated/);
  });

  it('run a JAR with a heap of its memory, sharing nothing, from its own JDK', () => {
    const { options, command } = inside(served(find({}).jvm));
    expect(options).toContain(`--ro-bind ${join(folder, 'jdk')} ${join(folder, 'jdk')}`);
    expect(options).toContain(`--ro-bind ${join(folder, 'tools/runner.jar')} /oaas/runner.jar`);
    expect(command[0]).toBe(java);
    expect(command).toEqual(expect.arrayContaining(['-Xmx80m', '-XX:-UsePerfData', '-XX:ActiveProcessorCount=1']));
    const after = command.slice(command.indexOf('-cp'));
    expect(after).toEqual(['-cp', '/oaas/runner.jar', 'dev.oaas.surrogate.Runner', '/app/app.apk', 'a.B,a.C', 'a.D']);
  });

  it('run an APK under dalvikvm with Android where Android expects it', () => {
    const artRoot = join(folder, 'art');
    const { options, command } = inside(served(find({ artRoot }).art));
    for (const part of ['system', 'apex', 'data'])
      expect(options).toContain(`--ro-bind ${join(artRoot, part)} /${part}`);
    expect(options).toContain('--setenv ANDROID_ROOT /system');
    expect(options).toContain('--setenv ANDROID_ART_ROOT /apex/com.android.art');
    expect(command[0]).toBe('/system/bin/dalvikvm64');
    expect(command).toContain('-Xmx80m');
    expect(options).not.toContain('LD_PRELOAD');
    const oreo = inside(served(find({ artRoot: join(folder, 'oreo') }).art));
    expect(oreo.options).toContain('--setenv LD_PRELOAD /system/lib64/liboaas-ashmem.so');
    const after = command.slice(command.indexOf('-cp'));
    expect(after).toEqual([
      '-cp',
      '/oaas/runner-dex.jar',
      'dev.oaas.surrogate.Runner',
      '/app/app.apk',
      'a.B,a.C',
      'a.D',
    ]);
  });
});

describe('a bundle of a runtime that is not served', () => {
  it('is refused with the reason, and nothing of it is unpacked', async () => {
    const manifest = {
      id: 'j',
      version: '1.0.0',
      runtime: 'jvm',
      entry: 'a.jar',
      methods: { m: {} },
      java: { implementations: ['A'] },
    };
    const zip = packBundle({ 'oaas.json': Buffer.from(JSON.stringify(manifest)), 'a.jar': Buffer.from('x') });
    const { createHash } = await import('node:crypto');
    const digest = createHash('sha256').update(zip).digest('hex');
    const directory = join(folder, 'apps');
    const cache = new BundleCache({ directory, source: async () => zip, runtimes: find({ java: '/no/java' }) });
    await expect(cache.get(digest)).rejects.toMatchObject({
      problem: { status: 503, title: 'No capacity', detail: expect.stringMatching(/"jvm" of app "j": no Java at/) },
    });
  });
});
