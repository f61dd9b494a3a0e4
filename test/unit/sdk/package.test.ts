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
       oaas.on('result', (e) => e.timings.totalMs.toFixed());`,
    );
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom'];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, ...flags, '--types', '', 'consumer.ts'], { cwd: project, stdio: 'pipe' });
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
