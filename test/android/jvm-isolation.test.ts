import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type RunningAgent, runTask, TestRegion } from '../support/agent-region.ts';
import { javaBundle, javaToolsDir } from '../support/java-suite.ts';

const methods = [
  'calls',
  'remember',
  'hog',
  'hogOutside',
  'spin',
  'offspring',
  'flood',
  'forge',
  'exit',
  'read',
  'connect',
  'threads',
];

let region: TestRegion;
let toolsDir: string;
let digest: string;
let folder: string;

beforeAll(async () => {
  toolsDir = await javaToolsDir();
  region = await TestRegion.start();
  folder = javaBundle(new URL('fixtures/hostile/', import.meta.url), toolsDir, {
    id: 'hostile',
    methods: Object.fromEntries(methods.map((name) => [name, {}])),
    java: { implementations: ['Hostile'] },
    requirements: { memoryMiB: 64 },
  });
  digest = await region.addApp(folder);
});
afterAll(async () => {
  await region?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

describe.each(['process', 'bubblewrap'])('a hostile JAR with isolation %s', (isolation) => {
  let agent: RunningAgent;
  beforeAll(async () => {
    agent = await region.startAgent({
      OAAS_ISOLATION: isolation,
      OAAS_JAVA_TOOLS: toolsDir,
      OAAS_PREWARM: digest,
      OAAS_CORES: '2',
      OAAS_MAX_OUTPUT_BYTES: '1000000',
    });
  });
  afterAll(() => agent?.stop());
  const run = (method: string, args: unknown[] = [], options = {}): Promise<Answer> =>
    runTask(agent, region.ticket([agent], digest), method, args, { deadlineMs: 300_000, ...options });
  const detail = (answer: Answer): string => String(answer.body.detail);

  it('gets a JVM of its own for every call, and keeps nothing but the state that travels', async () => {
    for (let i = 0; i < 3; i++) expect((await run('calls')).body.result.json).toBe(1);
    const first = await run('remember', [5], { state: { kept: 37 } });
    expect(first.body).toMatchObject({ result: { json: 42 }, state: { json: { kept: 42 } } });
    expect(first.body.engine).toMatch(/^Java \d+/);
  });

  it.each(['hog', 'hogOutside'])('%s: memory beyond its own ends it alone', async (method) => {
    const hog = run(method, [], { deadlineMs: 300_000 });
    const neighbour = await run('calls');
    expect(neighbour.status).toBe(200);
    const answer = await hog;
    expect(answer.status, detail(answer)).toBeGreaterThanOrEqual(422);
    expect(detail(answer)).toMatch(/OutOfMemory|exit code 3|SIGKILL|java\.lang\.OutOfMemoryError/);
  });

  it('spin: ends at the deadline', async () => {
    const answer = await run('spin', [], { deadlineMs: 700 });
    expect(answer).toMatchObject({ status: 504 });
    expect((await run('calls')).status).toBe(200);
  });

  it('offspring: what left session and group ends with it', async () => {
    const mark = `mark-${crypto.randomUUID()}`;
    expect((await run('offspring', [mark], { deadlineMs: 2_000 })).status).toBe(504);
    await expect.poll(() => withArgument(mark), { timeout: 60_000 }).toEqual([]);
  });

  it('flood, forge and exit: fail their own call', async () => {
    expect(detail(await run('flood', [], { deadlineMs: 300_000 }))).toMatch(/logged more than/);
    expect(detail(await run('forge', [], { deadlineMs: 300_000 }))).toMatch(/not understood/);
    expect(detail(await run('exit'))).toMatch(/ended early/);
    expect((await run('threads', [20])).status).toBe(200);
    expect((await run('calls')).body.result.json).toBe(1);
  });

  it('a class that is not on the list is never looked up, whatever the payload says', async () => {
    const bytes = (...parts: (string | number[])[]) =>
      Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part)))).toString(
        'base64',
      );
    const args = (...value: (string | number[])[]) => ({
      type: 'application/vnd.oaas.java',
      base64: bytes([0x4f, 0x4a, 1, 28, 0, 16], 'java.lang.Object', [1], ...value),
    });
    const send = (payload: object) =>
      runTask(agent, region.ticket([agent], digest), 'remember', payload, { rawArgs: true });
    // A Long of 5: what the method takes.
    const fine = await send(args([7, 0, 0, 0, 0, 0, 0, 0, 5]));
    expect(fine.body.result).toEqual({
      type: 'application/vnd.oaas.java',
      base64: bytes([0x4f, 0x4a, 1, 7, 0, 0, 0, 0, 0, 0, 0, 5]),
    });
    const name = 'java.lang.ProcessBuilder';
    for (const tag of [50, 51]) {
      const answer = await send(args([tag, 0, name.length], name, [0]));
      expect(answer.status).toBe(422);
      expect(detail(answer)).toContain(name);
    }
  });
});

it('in a sandbox a hostile JAR sees neither the agent, nor its files, nor the network', async () => {
  const agent = await region.startAgent({ OAAS_ISOLATION: 'bubblewrap', OAAS_JAVA_TOOLS: toolsDir });
  const run = (method: string, args: unknown[]) => runTask(agent, region.ticket([agent], digest), method, args);
  const secret = join(region.directory, agent.ready.vmId);
  for (const path of [
    `/proc/${agent.process.pid}/environ`,
    join(secret, 'runner.cjs'),
    '/etc/shadow',
    '/root/.bashrc',
  ]) {
    expect((await run('read', [path])).body.result.json, path).toMatch(/^refused/);
  }
  const port = Number(new URL(region.endpoint).port);
  for (const [host, at] of [
    ['127.0.0.1', port],
    ['169.254.169.254', 80],
  ] as const) {
    expect((await run('connect', [host, at])).body.result.json, host).toMatch(/^refused/);
  }
});

function withArgument(mark: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark);
    } catch {
      return false;
    }
  });
}
