/** What an attacker's app sees, reaches and leaves from inside its sandbox; and what its bundle may contain. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleLimits } from '../../lib/ports/contracts/bundle-limits.ts';
import { agentToken, type RunningAgent, runTask, TestRegion } from '../support/agent-region.ts';

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const isRoot = process.getuid?.() === 0;
const secret = 'a secret that no app may see';

describe('from inside a sandbox', { retry: 0 }, () => {
  let region: TestRegion;
  let agent: RunningAgent;
  let attacker: string;
  let neighbour: string;
  let secrets: string[];
  const listeners: net.Server[] = [];

  beforeAll(async () => {
    region = await TestRegion.start();
    attacker = await region.addApp(fixture('attacker'));
    neighbour = await region.addApp(fixture('neighbour'));
    agent = await region.startAgent({
      OAAS_ISOLATION: 'bubblewrap',
      OAAS_PREWARM: `${attacker},${neighbour}`,
      OAAS_SHARING_LIMIT: '4',
    });
    expect(agent.ready.isolation).toBe('bubblewrap');
    // Where an installation keeps its keys, beside the agent's work folder, and in the places of the machine for such.
    mkdirSync(join(region.directory, 'keys'), { mode: 0o755 });
    const signingKey = join(region.directory, 'keys', 'tickets.json');
    writeFileSync(signingKey, secret, { mode: 0o644 });
    const pid = agent.process.pid;
    secrets = [
      signingKey,
      `/proc/${pid}/environ`,
      `/proc/${pid}/root${signingKey}`,
      `/proc/${pid}/mem`,
      `/proc/1/root${signingKey}`,
      `/app/../../..${signingKey}`,
      '/etc/passwd',
      '/etc/shadow',
      '/etc/oaas/agent.env',
      '/root/.ssh/id_ed25519',
      // The bundle cache: the neighbour's code.
      join(region.directory, agent.ready.vmId, 'apps', neighbour, 'main.mjs'),
      `/proc/${pid}/cwd/apps/${neighbour}/main.mjs`,
      region.agentFile,
    ];
  });
  afterAll(async () => {
    for (const listener of listeners) listener.close();
    await region.close();
  });

  const run = async (method: string, args: unknown[], app = attacker) => {
    const answer = await runTask(agent, region.ticket([agent], app), method, args, { deadlineMs: 20_000 });
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ result: expect.anything() });
    return answer.body.result.json;
  };

  it('no file of the machine, of the agent, of the bundle cache or of another run can be read', async () => {
    const files = secrets;
    const seen = await run('explore', [files]);
    for (const file of files) expect.soft(seen.files[file], file).toMatch(/^refused: E/);
    expect(existsSync(secrets[0]!)).toBe(true);
    expect(readdirSync(join(region.directory, agent.ready.vmId, 'apps'))).toContain(neighbour);
    const everything = JSON.stringify(seen);
    for (const hidden of [secret, agentToken, 'OAAS_AGENT_TOKEN', region.endpoint])
      expect(everything).not.toContain(hidden);
    expect(Object.keys(seen.environment).filter((name) => /^(PATH|HOME|OAAS_|AWS_|SSH_)/.test(name))).toEqual([]);
    expect(seen.root.sort()).toEqual(
      expect.not.arrayContaining(['root', 'home', 'var', 'work', 'srv', 'opt', 'sys', 'run']),
    );
  });

  it('only its own processes exist; it is nobody, holds no capability and gets none', async () => {
    const seen = await run('explore', [[]]);
    const pids = seen.processes.map((p: { pid: number }) => p.pid);
    expect(Math.max(...pids)).toBeLessThan(100);
    expect(seen.processes.map((p: { command: string }) => p.command).join()).not.toContain('agent.mjs');
    expect(seen).toMatchObject({
      capabilities: '0000000000000000',
      noNewPrivileges: '1',
      mount: false,
      hostname: 'sandbox',
      becomeRoot: expect.stringMatching(/^refused/),
    });
    if (isRoot) {
      expect(seen.user).toBeGreaterThanOrEqual(0x4000_0000);
      expect(seen.groups).toEqual([seen.user]);
    }
    const opened: string[] = seen.descriptors.map((line: string) => line.split(' ')[1]);
    expect(opened.filter((file) => file.startsWith('/') && !/^\/(dev\/null$|proc\/)/.test(file))).toEqual([]);
  });

  it.runIf(isRoot)('two runs at once are two users', async () => {
    const ticket = region.ticket([agent], attacker);
    const two = await Promise.all([0, 1].map(() => runTask(agent, ticket, 'explore', [[]])));
    expect(new Set(two.map((answer) => answer.body.result.json.user)).size).toBe(2);
  });

  it('what a run leaves is gone with it, and nobody beside it sees it', async () => {
    const left = await run('leave', ['for the next one']);
    expect(left).toContain('/tmp');
    for (let i = 0; i < 4; i++) {
      const found: string[] = await run('find', []);
      expect(found.filter((file) => file.endsWith('left-behind'))).toEqual([]);
    }
    // Only what it found counts: folders of other programs may go while it looks, which its exit code tells.
    const outside = spawnSync('find', [region.directory, '/tmp', '/dev/shm', '-name', 'left-behind'], {
      encoding: 'utf8',
    });
    expect(outside.error).toBeUndefined();
    expect(outside.stdout).toBe('');
  });

  it('writing works in its own folders only, up to their size', async () => {
    const written = await run('fillDisk', []);
    expect(written).toMatchObject({
      '/tmp': { mib: 64, error: 'ENOSPC' },
      '/dev/shm': { mib: 16, error: 'ENOSPC' },
    });
    for (const folder of ['/dev', '/app', '/oaas', '/', '/usr', '/etc', '/proc']) {
      expect
        .soft(written[folder], folder)
        .toEqual({ mib: 0, error: expect.stringMatching(/^E(ROFS|ACCES|PERM|NOENT)$/) });
    }
  });

  it('links lead nowhere outside', async () => {
    const targets = [...secrets, '/app/main.mjs', '/oaas/runner.cjs', '/usr/bin/env'];
    const before = readFileSync(secrets[0]!, 'utf8');
    const outcomes = await run('links', [targets]);
    for (const target of targets) {
      const { read, write, hardLink, rename } = outcomes[target];
      for (const outcome of [write, hardLink, rename]) expect.soft(outcome, target).toMatch(/^refused: E/);
      if (!/^\/(app|oaas|usr)\/\w/.test(target) || target.includes('..'))
        expect.soft(read, target).toMatch(/^refused: E/);
    }
    expect(readFileSync(secrets[0]!, 'utf8')).toBe(before);
    expect(readFileSync(join(fixture('attacker'), 'main.mjs'), 'utf8')).toContain('written by an attacker');
  });

  it('no address can be reached: not the metadata service, the agent, the region, the machine or a socket of its', async () => {
    const reached: string[] = [];
    const listen = async (where: net.ListenOptions) => {
      const server = net.createServer((socket) => {
        reached.push(JSON.stringify(where));
        socket.destroy();
      });
      listeners.push(server);
      await new Promise<void>((resolve) => server.listen(where, resolve));
      return server.address();
    };
    const own = Object.values(networkInterfaces())
      .flat()
      .find((i) => i?.family === 'IPv4' && !i.internal)?.address;
    const everywhere = (await listen({ host: '0.0.0.0', port: 0 })) as AddressInfo;
    const socketFile = join(region.directory, 'a.sock');
    await listen({ path: socketFile });
    // An abstract socket belongs to the network namespace, not to the file system.
    await listen({ path: `\0oaas-${process.pid}` });
    const addresses = [
      '169.254.169.254:80',
      'fd00:ec2::254:80',
      '169.254.169.123:123',
      `127.0.0.1:${everywhere.port}`,
      `127.0.0.1:${new URL(agent.ready.url).port}`,
      `127.0.0.1:${new URL(region.endpoint).port}`,
      ...(own === undefined ? [] : [`${own}:${everywhere.port}`]),
      '192.0.2.1:443',
      socketFile,
    ];
    const { outcomes, interfaces } = await run('network', [addresses]);
    for (const address of addresses) expect.soft(outcomes[address], address).toMatch(/^refused: E/);
    expect(interfaces.filter((name: string) => name !== 'lo')).toEqual([]);
    expect(reached).toEqual([]);
  });
});

describe('a bundle that an attacker wrote', { retry: 0 }, () => {
  let region: TestRegion;
  let agent: RunningAgent;
  beforeAll(async () => {
    region = await TestRegion.start();
    agent = await region.startAgent({ OAAS_ISOLATION: 'bubblewrap' });
  });
  afterAll(() => region.close());

  const manifest = Buffer.from(readFileSync(join(fixture('neighbour'), 'oaas.json')));
  const code = Buffer.from(readFileSync(join(fixture('neighbour'), 'main.mjs')));
  const good = { 'oaas.json': manifest, 'main.mjs': code };
  const tooMuch = bundleLimits.maxExtractedBytes + 1;

  const tree = (folder: string): string => execFileSync('find', [folder, '-printf', '%p %s\n'], { encoding: 'utf8' });

  it.each<[string, () => Uint8Array]>([
    ['a file above its folder', () => zipSync({ ...good, '../escaped.mjs': code })],
    ['a file far above its folder', () => zipSync({ ...good, '../../../../../../tmp/escaped.mjs': code })],
    ['an absolute path', () => zipSync({ ...good, '/tmp/escaped.mjs': code })],
    ['a path with backslashes', () => zipSync({ ...good, '..\\escaped.mjs': code })],
    ['a path that climbs in the middle', () => zipSync({ ...good, 'a/../../escaped.mjs': code })],
    ['a file where a folder must be', () => zipSync({ ...good, a: code, 'a/escaped.mjs': code })],
    [
      'zeros that unpack to more than is allowed',
      () => zipSync({ ...good, zeros: new Uint8Array(tooMuch) }, { level: 6 }),
    ],
    [
      'a size that it does not have',
      () => {
        const zip = Buffer.from(zipSync({ ...good, zeros: new Uint8Array(tooMuch) }, { level: 6 }));
        // The sizes in its directories say one byte; only counting what comes out can tell.
        for (let at = zip.indexOf('PK\x01\x02'); at >= 0; at = zip.indexOf('PK\x01\x02', at + 4))
          zip.writeUInt32LE(1, at + 24);
        for (let at = zip.indexOf('PK\x03\x04'); at >= 0; at = zip.indexOf('PK\x03\x04', at + 4))
          zip.writeUInt32LE(1, at + 22);
        return zip;
      },
    ],
    [
      'ten thousand files',
      () =>
        zipSync({
          ...good,
          ...Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, new Uint8Array(1)])),
        }),
    ],
  ])('with %s is refused, and nothing of it is written', async (_name, pack) => {
    const zip = pack();
    const digest = createHash('sha256').update(zip).digest('hex');
    region.bundles.set(digest, zip);
    const before = tree(region.directory);
    const rss = () =>
      Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${agent.process.pid}/status`, 'utf8'))?.[1]) / 1024;
    const peakMiB = rss();
    const answer = await runTask(agent, region.ticket([agent], digest), 'work', [1]);
    expect([answer.status, String(answer.body.type).split('/').at(-1)]).toEqual([400, 'invalid-bundle']);
    expect(tree(region.directory)).toBe(before);
    expect(existsSync('/tmp/escaped.mjs')).toBe(false);
    // Far less than it would unpack to.
    expect(rss() - peakMiB).toBeLessThan(200);
  });

  it('a link in it is a file like others, with the text of its target', async () => {
    const zip = zipSync({
      ...good,
      'link.mjs': [Buffer.from('/etc/passwd'), { os: 3, attrs: (0o120777 << 16) >>> 0 }],
    });
    const digest = createHash('sha256').update(zip).digest('hex');
    region.bundles.set(digest, zip);
    const answer = await runTask(agent, region.ticket([agent], digest), 'work', [1]);
    const listing = tree(join(region.directory, agent.ready.vmId));
    if (answer.status === 200) {
      const file = join(region.directory, agent.ready.vmId, 'apps', digest, 'link.mjs');
      expect(execFileSync('find', [file, '-type', 'f'], { encoding: 'utf8' }).trim()).toBe(file);
    } else expect(answer.body.type).toContain('invalid-bundle');
    expect(execFileSync('find', [region.directory, '-type', 'l'], { encoding: 'utf8' })).toBe('');
    expect(listing).not.toContain('escaped');
  });
});
