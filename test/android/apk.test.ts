import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packBundle } from '../../lib/app/bundles/bundle.ts';
import { type RunningAgent, runTask, TestRegion } from '../support/agent-region.ts';
import { javaApps, javaToolsDir } from '../support/java-suite.ts';

let region: TestRegion;
let toolsDir: string;
let apps: Map<string, string>;
const outDir = join(fileURLToPath(new URL('../..', import.meta.url)), 'out', 'test', 'apk-apps');

beforeAll(async () => {
  toolsDir = await javaToolsDir();
  region = await TestRegion.start();
  apps = await javaApps(outDir);
});
afterAll(async () => {
  await region?.close();
  rmSync(outDir, { recursive: true, force: true });
});

const folderOf = (id: string): string => {
  const folder = apps.get(id);
  if (folder === undefined) throw new Error(`no app ${id} was built`);
  return folder;
};
const run = (agent: RunningAgent, digest: string, method: string, args: unknown[]) =>
  // The first call of an app waits for its translation.
  runTask(agent, region.ticket([agent], digest), method, args, { deadlineMs: 300_000 });
const translations = (agent: RunningAgent) => agent.log.join('').split('translated DEX to JVM bytecode').length - 1;

/** A bundle of the fibonacci app with another file as its code. */
async function withEntry(entry: string, content: Uint8Array): Promise<string> {
  const folder = join(outDir, `entry-${crypto.randomUUID()}`);
  mkdirSync(folder);
  const manifest = JSON.parse(readFileSync(join(folderOf('fibonacci-art'), 'oaas.json'), 'utf8'));
  writeFileSync(join(folder, 'oaas.json'), JSON.stringify({ ...manifest, entry }));
  writeFileSync(join(folder, entry), content);
  return region.addApp(folder);
}

describe('an APK on a machine without dalvikvm', () => {
  it('is a real one: several DEX files and a manifest', () => {
    const files = unzipSync(readFileSync(join(folderOf('chess-art'), 'tasks.apk')));
    expect(Object.keys(files).sort()).toEqual(['AndroidManifest.xml', 'classes.dex', 'classes2.dex']);
    for (const name of ['classes.dex', 'classes2.dex'])
      expect(Buffer.from(files[name]!.subarray(0, 4)).toString()).toBe('dex\n');
  });

  it('is translated once, which log and answer say, and kept over a restart of the agent', async () => {
    const digest = await region.addApp(folderOf('nqueens-art'));
    const env = { OAAS_JAVA_TOOLS: toolsDir, OAAS_VM_ID: `vm-${crypto.randomUUID()}` };
    const agent = await region.startAgent(env);
    const answers = await Promise.all([6, 7, 8].map((n) => run(agent, digest, 'count', [n])));
    expect(answers.map((answer) => answer.body.result.json)).toEqual([4, 40, 92]);
    expect(answers[0]?.body.engine).toMatch(/^DEX translated to JVM bytecode, Java/);
    // The log comes on a way of its own, which may be the longer one.
    await expect.poll(() => translations(agent), { timeout: 60_000 }).toBe(1);
    await agent.stop();
    const again = await region.startAgent(env);
    expect((await run(again, digest, 'first', [6])).body.result.json).toEqual([1, 3, 5, 0, 2, 4]);
    expect(translations(again)).toBe(0);
  });

  it('that is still being translated is not waited for beyond the deadline; the next call has it', async () => {
    const digest = await region.addApp(folderOf('sorts-art'));
    const agent = await region.startAgent({ OAAS_JAVA_TOOLS: toolsDir });
    const ticket = region.ticket([agent], digest);
    const early = await runTask(agent, ticket, 'quick', [[3, 1, 2]], { deadlineMs: 50 });
    expect([early.status, translations(agent)]).toEqual([504, 0]);
    expect((await run(agent, digest, 'quick', [[3, 1, 2]])).body.result.json).toEqual([1, 2, 3]);
    expect(translations(agent)).toBe(1);
  });

  it('may be a bare DEX file', async () => {
    const apk = unzipSync(readFileSync(join(folderOf('fibonacci-art'), 'tasks.apk')));
    const digest = await withEntry('classes.dex', apk['classes2.dex']!);
    const agent = await region.startAgent({ OAAS_JAVA_TOOLS: toolsDir });
    expect((await run(agent, digest, 'iterative', [90])).body.result.json).toBe('2880067194370816120');
  });

  it('that is none is refused by name, and so is a small zip of many zeros', async () => {
    const agent = await region.startAgent({ OAAS_JAVA_TOOLS: toolsDir });
    const zeros = packBundle({
      'AndroidManifest.xml': new Uint8Array(1),
      'classes.dex': new Uint8Array(64 * 1024 * 1024),
    });
    const rubbish = [new Uint8Array(5_000).fill(7), packBundle({ 'AndroidManifest.xml': new Uint8Array(9) }), zeros];
    for (const content of rubbish) {
      const answer = await run(agent, await withEntry('app.apk', content), 'recursive', [5]);
      expect(answer.status).toBe(400);
      expect(answer.body.detail).toMatch(/"app\.apk" could not be translated/);
    }
    const good = await region.addApp(folderOf('fibonacci-art'));
    expect((await run(agent, good, 'recursive', [20])).body.result.json).toBe(6765);
    const installed = readdirSync(join(region.directory, agent.ready.vmId, 'apps')).filter((name) =>
      name.endsWith('.art'),
    );
    const kept = installed.flatMap((name) => readdirSync(join(region.directory, agent.ready.vmId, 'apps', name)));
    expect(kept).toEqual(['translated.jar']);
  });
});

describe('an APK on a machine with dalvikvm', () => {
  it('is given to it as the command line says, untranslated (a stand-in answers)', async () => {
    const folder = mkdtempSync(join(region.directory, 'stand-in-'));
    const root = join(folder, 'android');
    mkdirSync(join(root, 'system', 'bin'), { recursive: true });
    mkdirSync(join(root, 'data'));
    const binary = join(root, 'system', 'bin', 'dalvikvm64');
    copyFileSync(fileURLToPath(new URL('fixtures/dalvikvm/dalvikvm64', import.meta.url)), binary);
    chmodSync(binary, 0o755);
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    writeFileSync(join(tools, 'runner-dex.jar'), '');
    const agent = await region.startAgent({
      OAAS_ISOLATION: 'bubblewrap',
      OAAS_JAVA_TOOLS: tools,
      OAAS_ART_ROOT: root,
    });
    const digest = await region.addApp(folderOf('chess-art'));
    const { body, status } = await run(agent, digest, 'perft', ['8/8/8/8/8/8/8/K1k5 w - - 0 1', 1]);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body.result.json).toBe(
      '-Xmx96m -Xnorelocate -Xnoimage-dex2oat -cp /oaas/runner-dex.jar dev.oaas.surrogate.Runner /app/tasks.apk dev.oaas.tasks.LocalChess  root=/system data=/data',
    );
    expect(body.engine).toBe(`dalvikvm64 of ${root}`);
    expect(translations(agent)).toBe(0);
  });
});
