import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSdk } from '../../../scripts/build-sdk.ts';
import { deviceKey, fakeRegion } from '../../support/fake-region.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const project = mkdtempSync(join(tmpdir(), 'oaas-sdk-test-'));
const installed = join(project, 'node_modules/@oaas/sdk');

beforeAll(async () => {
  mkdirSync(installed, { recursive: true });
  await buildSdk(join(installed, 'dist'));
  const manifest = readFileSync(join(root, 'sdk/typescript/package.json'), 'utf8');
  writeFileSync(join(installed, 'package.json'), manifest);
  expect(JSON.parse(manifest)).not.toHaveProperty('dependencies');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the built package', () => {
  it('has a browser bundle that needs nothing of Node', () => {
    const code = readFileSync(join(installed, 'dist/browser.js'), 'utf8');
    expect(code).not.toMatch(/node:|require\(|\bprocess\b|\bBuffer\b/);
    expect(code).not.toMatch(/^import /m);
  });

  it('reports an error that nobody catches in a few lines, by its name', async () => {
    writeFileSync(
      join(project, 'uncaught.mjs'),
      `import { OaaS } from '@oaas/sdk';
       const oaas = new OaaS({ endpoints: ['http://127.0.0.1:9'], apiKey: 'k' });
       await oaas.offload('app', 'echo', null)(1n);`,
    );
    const { stderr } = await promisify(execFile)(process.execPath, ['uncaught.mjs'], { cwd: project }).then(
      () => expect.unreachable('it fails'),
      (error: { stderr: string }) => error,
    );
    expect(stderr).toMatch(/^OffloadError: app\.echo could not be offloaded/m);
    expect(stderr.length).toBeLessThan(3_000);
  });

  it('declares its types without the rest of the project, for a strict consumer', () => {
    writeFileSync(
      join(project, 'consumer.ts'),
      `import { OaaS, type Detailed } from '@oaas/sdk';
       const oaas = new OaaS({ endpoints: ['https://eu.example.org'], apiKey: 'k' });
       const solve = oaas.offload('chess', 'bestMove', (fen: string) => fen.length, { idempotent: true });
       export const n: Promise<number> = solve('x');
       export const d: Promise<Detailed<number, unknown>> = solve.detailed('x');
       // @ts-expect-error the argument must be what the local implementation takes
       void solve(5);
       const deeper = oaas.offload('chess', 'bestMove', (fen: string, depth?: number) => fen.length + (depth ?? 3));
       export const m: Promise<number>[] = [deeper('x'), deeper(['x']), deeper(['x', 4])];
       // @ts-expect-error two arguments that both must be there come as an array
       void oaas.offload('chess', 'bestMove', (fen: string, depth: number) => fen.length + depth)('x');
       oaas.on('result', (e) => e.timings.totalMs.toFixed());`,
    );
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom'];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, ...flags, '--types', '', 'consumer.ts'], { cwd: project, stdio: 'pipe' });
  });

  it('carries the licence that it names', () => {
    expect(readFileSync(join(installed, 'dist/LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
  });

  it('offloads where there is no crypto and URL tells no parts, as in React Native', async () => {
    const region = await fakeRegion('eu', []);
    try {
      const there = (n: number) => `await oaas.offload('app', 'echo', null)(${n})`;
      writeFileSync(
        join(project, 'native.mjs'),
        `delete globalThis.crypto;
         const ours = { URL, fetch };
         const native = class { get host() { throw new Error('URL.host is not implemented'); } };
         globalThis.URL = native;
         globalThis.fetch = async (...args) => {
           globalThis.URL = ours.URL;
           try { return await ours.fetch(...args); } finally { globalThis.URL = native; }
         };
         const { OaaS } = await import('@oaas/sdk');
         const oaas = new OaaS({ endpoints: ['${region.url}'], apiKey: '${deviceKey}' });
         const ids = new Set();
         oaas.on('result', ({ requestId }) => ids.add(requestId));
         console.log(${there(1)}, ${there(2)}, ids.size, [...ids].every((id) => /^[0-9a-f]{32}$/.test(id)));
         oaas.close();`,
      );
      const flags = ['--conditions=react-native', 'native.mjs'];
      const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: project });
      expect(stdout).toBe('1 2 2 true\n');
    } finally {
      await region.stop();
    }
  });

  it.each([
    ['node', []],
    ['browser', ['--conditions=browser']],
  ])('loads and offloads as a %s package', async (kind, flags) => {
    const region = await fakeRegion('eu', []);
    try {
      writeFileSync(
        join(project, 'main.mjs'),
        `import { OaaS } from '@oaas/sdk';
         const oaas = new OaaS({ endpoints: ['${region.url}'], apiKey: '${deviceKey}', route: 'proxy' });
         const echo = oaas.offload('app', 'echo', null);
         const { result, ranOn } = await echo.detailed({ n: 7 });
         let direct = 'yes';
         try { new OaaS({ endpoints: ['${region.url}'], apiKey: 'k', route: 'direct' }).close(); } catch { direct = 'no'; }
         oaas.close();
         console.log(JSON.stringify({ result, where: ranOn.where, direct }));`,
      );
      const { stdout } = await promisify(execFile)(process.execPath, [...flags, 'main.mjs'], { cwd: project });
      const direct = kind === 'node' ? 'yes' : 'no';
      expect(JSON.parse(stdout)).toEqual({ result: { n: 7 }, where: 'remote', direct });
    } finally {
      await region.stop();
    }
  });
});
