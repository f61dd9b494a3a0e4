import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descriptorSchema } from '../../lib/ports/contracts/operator.ts';
import { javaApps, javaToolsDir } from '../support/java-suite.ts';
import { oaas, type StartedSystem, startLocal, temporaryFolder, until } from '../support/local-process.ts';

const started = ['--memory', '--regions', 'europe', '--slot', '5s', '--speed-up', '100'];
const outDir = join(fileURLToPath(new URL('../..', import.meta.url)), 'out', 'test', 'system-apps');

async function stop(system: StartedSystem | undefined): Promise<void> {
  system?.child.kill('SIGINT');
  await system?.exited;
}

describe('Java apps in a local system', () => {
  const folder = temporaryFolder();
  const data = join(folder.path, 'data');
  let system: StartedSystem;
  let apps: Map<string, string>;
  const cli = async (...args: string[]) => {
    const done = await oaas([...args, '--data', data]);
    expect(done.code, done.stderr).toBe(0);
    return done.stdout;
  };

  beforeAll(async () => {
    // Built before: the first run would wait for it no longer than its deadline.
    await javaToolsDir();
    apps = await javaApps(outDir);
    system = await startLocal(['--data', data, ...started]);
  });
  afterAll(async () => {
    await stop(system);
    folder.remove();
    rmSync(outDir, { recursive: true, force: true });
  });

  it('are pushed and run from the command line, each in its runtime', async () => {
    const start = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';
    const answers = [];
    for (const id of ['chess-jvm', 'chess-art', 'chess']) {
      const directory = apps.get(id);
      if (directory !== undefined) await cli('app', 'put', directory);
      const args = JSON.stringify([start, 3]);
      answers.push(JSON.parse(await cli('run', id, 'bestMove', '--args', args, '--deadline', '600s')));
    }
    expect(answers[0]).toEqual(answers[2]);
    expect(answers[1]).toEqual(answers[2]);
  });

  it('run on several instances at once, which the descriptor lists with port and location', async () => {
    await cli('group', 'put', 'jvm-small', '--min-vms', '3');
    await until(async () => {
      const pools = (await system.status()).pools.filter((pool) => pool.groupId === 'jvm-small');
      return pools.some((pool) => pool.vms.ready >= 3);
    });
    const descriptor = descriptorSchema.parse(JSON.parse(await cli('descriptor')));
    const { ports, location } = descriptor['chess-art']?.['127.0.0.1'] ?? { ports: [], location: '' };
    expect(new Set(ports).size).toBeGreaterThanOrEqual(3);
    expect(location).toMatch(/^eu-(central|north)-1/);
    // Node apps are served by VMs of another group.
    expect(descriptor.chess?.['127.0.0.1']?.ports.some((port) => ports.includes(port))).not.toBe(true);
  });
});

describe('a local system without Java', () => {
  const folder = temporaryFolder();
  const data = join(folder.path, 'data');
  let system: StartedSystem;
  const java = process.env.OAAS_JAVA;

  beforeAll(async () => {
    process.env.OAAS_JAVA = join(folder.path, 'no-java');
    system = await startLocal(['--data', data, ...started]);
  });
  afterAll(async () => {
    if (java === undefined) delete process.env.OAAS_JAVA;
    else process.env.OAAS_JAVA = java;
    await stop(system);
    folder.remove();
  });

  it('starts, runs Node apps, and refuses Java apps at once with the reason', async () => {
    expect(JSON.parse((await oaas(['run', 'nqueens', 'count', '--args', '[6]', '--data', data])).stdout)).toBe(4);
    expect(readFileSync(join(data, 'oaas.log'), 'utf8')).toMatch(/jvm and art are not served.*no Java at/);
    const app = join(folder.path, 'app');
    mkdirSync(app);
    const manifest = {
      id: 'j',
      version: '1.0.0',
      runtime: 'jvm',
      entry: 'a.jar',
      methods: { m: {} },
      java: { implementations: ['A'] },
    };
    writeFileSync(join(app, 'oaas.json'), JSON.stringify(manifest));
    writeFileSync(join(app, 'a.jar'), '');
    expect((await oaas(['app', 'put', app, '--data', data])).code).toBe(0);
    const refused = await system.post('/v1/placements', { appId: 'j', method: 'm' });
    expect(refused).toMatchObject({ status: 503, body: { title: 'No capacity', retryAfterMs: 3_600_000 } });
    expect(refused.body.detail).toMatch(/"jvm" is not served on this machine: no Java at .*no-java/);
    const began = performance.now();
    const run = await oaas(['run', 'j', 'm', '--data', data, '--deadline', '300s']);
    expect(run.code).not.toBe(0);
    expect(run.stderr).toContain('no Java at');
    expect(performance.now() - began).toBeLessThan(60_000);
  });
});
