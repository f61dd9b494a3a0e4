import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { appSchema } from '../../lib/ports/contracts/config.ts';
import { oaas, startLocal, temporaryFolder } from '../support/local-process.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

it('makes an app that a running system knows and runs', async () => {
  const data = join(folder.path, 'data');
  const app = join(folder.path, 'hello');
  const system = await startLocal(['--data', data, '--memory', '--regions', 'europe']);
  try {
    const { code, stdout, stderr } = await oaas(['quickstart', app, '--data', data, '--json']);
    expect(code, stderr).toBe(0);
    const said = JSON.parse(stdout) as { digest: string; result: unknown; ranOn: { where: string } };
    expect(said.result).toBe('Hello, OaaS!');
    expect(said.ranOn.where).toBe('remote');
    const registered = await oaas(['app', 'get', 'hello', '--data', data]);
    expect(appSchema.parse(JSON.parse(registered.stdout)).digest).toBe(said.digest);

    const again = await oaas(['quickstart', app, '--data', data]);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('exists already');
  } finally {
    system.child.kill('SIGINT');
    await system.exited;
  }
});

it('starts a system of its own when none runs, and leaves nothing behind', async () => {
  const app = join(folder.path, 'alone');
  const { code, stdout, stderr } = await oaas(['quickstart', app, '--data', join(folder.path, 'nothing')]);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('starting one in memory');
  expect(stdout).toContain('"Hello, OaaS!"');
  expect(existsSync(join(app, 'oaas.json'))).toBe(true);
  const names = await oaas(['quickstart', join(folder.path, 'no good'), '--json']);
  expect(names.code).toBe(2);
  expect(names.stderr).toContain('cannot be an app');
});
