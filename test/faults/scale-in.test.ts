/** The whole local system under steady load by both routes while its machines are released and exchanged: nothing is lost. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OaaS } from '../../sdk/typescript/src/index.node.ts';
import { oaas, type StartedSystem, startLocal, temporaryFolder, until } from '../support/local-process.ts';

const folder = temporaryFolder();
const data = join(folder.path, 'data');
const runs = join(folder.path, 'runs');
const groupId = 'changing';
const taskMs = 40;
/** In request ids, which run once: a test that is tried again asks anew. */
let tries = 0;
let system: StartedSystem;

const lines = () => readFileSync(runs, 'utf8').trim().split('\n');
const command = async (...args: string[]) => expect(await oaas([...args, '--data', data])).toMatchObject({ code: 0 });
const putGroup = async (type: string, vms: number) => {
  const file = join(folder.path, 'group.json');
  const limits = { instanceTypes: [type], minVms: vms, maxVms: 6, queueLimit: 30 };
  const dispatch = { mode: 'session' };
  writeFileSync(
    file,
    JSON.stringify({ id: groupId, runtimes: ['node'], memoryMiB: 256, vcpus: 1, dispatch, ...limits }),
  );
  await command('group', 'put', '--file', file);
};
/** The pool has machines of this type and no others, also none that starts or drains, and as many. */
const settled = (type: string, asMany: (vms: number) => boolean) =>
  until(async () => {
    const own = (await system.status()).vms.filter((vm) => vm.poolId.includes(groupId));
    return asMany(own.length) && own.every((vm) => vm.state === 'ready' && vm.offer.startsWith(`${type}@`));
  });

beforeAll(async () => {
  system = await startLocal(['--data', data, ...'--memory --regions europe --isolation process --slot 5s'.split(' ')]);
  writeFileSync(runs, '');
  await command('sla', 'put', 'default', '--target', '4s');
  for (const other of ['node-small', 'node-large']) await command('group', 'rm', other);
  await putGroup('local.medium', 1);
  await command('app', 'put', fileURLToPath(new URL('fixtures/witness', import.meta.url)));
  await settled('local.medium', (vms) => vms > 0);
});
afterAll(async () => {
  system.child.kill('SIGINT');
  await system.exited;
  folder.remove();
});

it('while machines come and go every request is answered by a machine', async () => {
  const endpoints = [{ region: system.file.regions[0]!.id, url: system.endpoint }];
  const client = new OaaS({ endpoints, apiKey: system.file.keys.device, probeIntervalMs: 0 });
  const here = (_file: string, _id: string, _ms: number) => Promise.reject(new Error('ran on the device'));
  const direct = client.offload('witness', 'mark', here, { prefer: 'remote' });
  const proxied = async (id: string) => {
    const args = { type: 'application/json', json: [runs, id, taskMs] };
    const answer = await system.post('/v1/invocations', { appId: 'witness', requestId: id, method: 'mark', args });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  };
  const attempt = `try-${++tries}`;
  let going = true;
  const ids: string[] = [];
  const lost: string[] = [];
  const loop = async (name: string, ask: (id: string) => Promise<unknown>) => {
    for (let i = 0; going; i++) {
      const id = `${attempt}-${name}-${i}`;
      ids.push(id);
      await ask(id).catch((error: unknown) => lost.push(`${id}: ${error}`));
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  const loops = [0, 1].flatMap((i) => [
    loop(`direct-${i}`, (id) => direct([runs, id, taskMs])),
    loop(`proxied-${i}`, proxied),
  ]);
  try {
    for (const type of ['local.medium', 'local.large', 'local.medium']) {
      await putGroup(type, 4);
      await settled(type, (vms) => vms >= 4);
      await putGroup(type, 1);
      await settled(type, (vms) => vms > 0 && vms <= 2);
    }
  } finally {
    going = false;
    await Promise.all(loops);
  }
  await client.close();
  expect(lost).toEqual([]);
  const ran = lines().filter((line) => line.startsWith(`${attempt}-`));
  expect([...new Set(ran)].sort()).toEqual(ids.toSorted());
  expect(ids.length).toBeGreaterThan(50);
});

it('in no try did a request run twice', { retry: 0 }, () => {
  expect(lines().length).toBeGreaterThan(50);
  expect(new Set(lines()).size).toBe(lines().length);
});
