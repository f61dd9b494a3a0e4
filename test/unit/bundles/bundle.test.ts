import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { strToU8, zipSync } from 'fflate';
import { afterEach, describe, expect, it } from 'vitest';
import { digestOf, openBundle, packBundle } from '../../../lib/app/bundles/bundle.ts';
import { extractBundle } from '../../../lib/app/bundles/directory.ts';
import { bundleLimits } from '../../../lib/ports/contracts/bundle-limits.ts';

const manifest = { id: 'a', version: '1.0.0', runtime: 'node', entry: 'main.mjs', methods: { run: {} } };
const good = {
  'oaas.json': strToU8(JSON.stringify(manifest)),
  'main.mjs': strToU8('export const run = () => 1'),
  'lib/x.mjs': strToU8(''),
};

async function problemsOf(files: Record<string, Uint8Array>): Promise<string> {
  const result = await openBundle(zipSync(files));
  return result.ok ? 'accepted' : result.problems.join('; ');
}

describe('a manifest', () => {
  const problem = (change: object) =>
    problemsOf({ ...good, 'oaas.json': strToU8(JSON.stringify({ ...manifest, ...change })) });

  it('says for Java, and only there, which objects the methods are called on', async () => {
    const java = { implementations: ['a.b.C$D'] };
    expect(await problem({ runtime: 'jvm', java })).toBe('accepted');
    expect(await problem({ runtime: 'art', java: { ...java, classes: ['a.Move'] } })).toBe('accepted');
    for (const change of [{ runtime: 'jvm' }, { runtime: 'art' }, { java }])
      expect(await problem(change)).toContain('java');
  });

  it.each(['', 'a/b/C', '.C', 'a..C', 'a.C;', '[La.C;', 'a.C,b.D', '-javaagent:x'])(
    'refuses %j as a class',
    async (name) => {
      expect(await problem({ runtime: 'jvm', java: { implementations: [name] } })).toContain('java.implementations.0');
      expect(await problem({ runtime: 'jvm', java: { implementations: ['a.C'], classes: [name] } })).toContain(
        'java.classes.0',
      );
    },
  );
});

describe('a bundle', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  it('has bytes that depend on names and contents only', () => {
    const shuffled = { 'lib/x.mjs': good['lib/x.mjs'], 'main.mjs': good['main.mjs'], 'oaas.json': good['oaas.json'] };
    expect(digestOf(packBundle(shuffled))).toBe(digestOf(packBundle(good)));
    expect(digestOf(packBundle({ ...good, 'main.mjs': strToU8('other') }))).not.toBe(digestOf(packBundle(good)));
  });

  it('gives back manifest, files and digest', async () => {
    const zip = packBundle(good);
    expect(await openBundle(zip)).toMatchObject({ ok: true, bundle: { manifest: { id: 'a' }, digest: digestOf(zip) } });
  });

  it.each([
    '../evil',
    'a/../../evil',
    '/etc/evil',
    'C:/evil',
    'a\\..\\evil',
    'a//b',
    './a',
    'nul\u0000byte',
    `${'x'.repeat(300)}`,
  ])('with the path %j is refused', async (path) => {
    expect(await problemsOf({ ...good, [path]: strToU8('x') })).toMatch(/path/);
  });

  it.each([
    ['more than allowed is refused before it is unpacked', bundleLimits.maxExtractedBytes + 1, /unpacked, at most/],
    [
      'less than it really holds is refused where the claim ends',
      10,
      /^file "bomb" cannot be unpacked: too many bytes in the stream. expected 10/,
    ],
  ])('that claims to unpack to %s', async (_name, claimed, expected) => {
    const real = Buffer.alloc(4);
    real.writeUInt32LE(1_000_000);
    const lie = Buffer.alloc(4);
    lie.writeUInt32LE(claimed);
    const bytes = Buffer.from(zipSync({ ...good, bomb: [new Uint8Array(1_000_000), { level: 9 }] }));
    for (let at = bytes.indexOf(real); at >= 0; at = bytes.indexOf(real)) lie.copy(bytes, at);
    const result = await openBundle(bytes);
    expect(result.ok ? `accepted: ${result.bundle.files.bomb?.length} bytes` : result.problems.join()).toMatch(
      expected,
    );
  });

  it.each<[string, Record<string, Uint8Array>, string]>([
    ['no manifest', { 'main.mjs': good['main.mjs'] }, 'no oaas.json'],
    ['a manifest that is not JSON', { ...good, 'oaas.json': strToU8('{') }, 'not valid JSON'],
    ['an unknown runtime', { ...good, 'oaas.json': strToU8(JSON.stringify({ ...manifest, runtime: 'x' })) }, 'runtime'],
    ['an entry it does not hold', { 'oaas.json': good['oaas.json'] }, 'names the entry "main.mjs"'],
    ['a file that is also a folder', { ...good, lib: strToU8('') }, '"lib" is both file and folder'],
  ])('with %s is refused with the reason', async (_name, files, reason) => {
    expect(await problemsOf(files)).toContain(reason);
  });

  it('of any bytes at all is a value, never an exception', async () => {
    const zip = packBundle(good);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(zip.length - 1), fc.nat(255)), { maxLength: 8 }),
        fc.nat(zip.length),
        async (edits, cut) => {
          const bytes = zip.slice(0, cut === 0 ? zip.length : cut);
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          expect(typeof (await openBundle(bytes)).ok).toBe('boolean');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is extracted whole, readable by every user', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oaas-bundle-'));
    folders.push(folder);
    await extractBundle(good, join(folder, 'app'));
    expect(readFileSync(join(folder, 'app', 'main.mjs'), 'utf8')).toContain('run');
    expect(statSync(join(folder, 'app', 'lib')).mode & 0o005).toBe(0o005);
    await expect(extractBundle({ 'a/b': strToU8(''), a: strToU8('') }, join(folder, 'bad'))).rejects.toThrow();
    expect(existsSync(join(folder, 'bad'))).toBe(false);
  });
});
