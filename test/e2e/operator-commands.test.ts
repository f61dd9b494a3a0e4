import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../lib/cli/program.ts';
import { descriptorSchema, livePlanSchema } from '../../lib/ports/contracts/operator.ts';
import { directBundleBytes } from '../../lib/ports/contracts/wire.ts';
import { OaaS } from '../../sdk/typescript/src/index.node.ts';
import { type StartedSystem, startLocal, temporaryFolder, until } from '../support/local-process.ts';

const folder = temporaryFolder();
const data = join(folder.path, 'data');
const slotMs = 5_000;
let system: StartedSystem;

beforeAll(async () => {
  system = await startLocal(['--data', data, '--memory', '--regions', 'europe', '--slot', `${slotMs / 1000}s`]);
});
afterAll(async () => {
  system.child.kill('SIGINT');
  await system.exited;
  folder.remove();
});

/** Runs a command of this very process's command line against the system. */
async function cli(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const write = (to: string[]) => (chunk: unknown) => to.push(String(chunk)) > 0;
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(write(out));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(write(err));
  try {
    const code = await runCli([...args, '--data', data]);
    return { code, out: out.join(''), err: err.join('') };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
    process.exitCode = undefined;
  }
}

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('operator commands', () => {
  it('status fits a terminal and says what runs', async () => {
    await until(async () => (await system.status()).pools[0]?.vms.ready);
    const { code, out } = await cli('status', '--vms');
    expect(code).toBe(0);
    expect(out).toContain('node-small/default');
    expect(out).not.toContain('\u001b');
    expect(widest(out)).toBeLessThanOrEqual(80);
    for (const list of ['sla', 'group', 'app']) {
      expect(widest((await cli(list, 'list')).out), list).toBeLessThanOrEqual(80);
    }
    const json = JSON.parse((await cli('status', '--json')).out) as { scaling: { region: string } }[];
    expect(json[0]!.scaling.region).toBe('eu-central-1');
  });

  it('explains the last slot and plans the next, with reasons', async () => {
    await until(async () => (await system.status()).pools[0]?.lastSlotMs);
    const explained = await cli('explain', '--pool', 'node-small', '--last', '3');
    expect(explained.code).toBe(0);
    expect(explained.out).toMatch(/plan +optimal/);
    expect(explained.out).toMatch(/predicted, 800 ms promised/);
    expect(explained.out).toMatch(/(keep|launch) +1 x local/);
    const planned = await cli('plan', '--live', '--json');
    const [plan] = livePlanSchema.array().parse(JSON.parse(planned.out));
    expect(plan!.pools[0]!.plan.actions[0]!.why.length).toBeGreaterThan(10);
    expect((await cli('explain', '--slot', 'noon')).code).toBe(2);
  });

  it('exports the IoT paper’s descriptor', async () => {
    // One port per machine, of which there may be more than one, or none for a moment, while the scaler works.
    const host = await until(async () => {
      const ready = async () => (await system.status()).vms.filter((vm) => vm.state === 'ready').map((vm) => vm.url);
      const before = await ready();
      const descriptor = descriptorSchema.parse(JSON.parse((await cli('descriptor')).out));
      const same = before.length > 0 && String(before) === String(await ready());
      const ports = before.map((url) => Number(new URL(url ?? '').port)).sort((a, b) => a - b);
      return same && { ...descriptor.fibonacci?.['127.0.0.1'], expected: ports };
    });
    expect(host.ports?.toSorted((a, b) => a - b)).toEqual(host.expected);
    expect(['eu-central-1', 'eu-north-1']).toContain(host?.location);
  });

  it('changes agreements and groups by flags, keeping what is not named', async () => {
    expect((await cli('sla', 'put', 'gold', '--indicator', 'p95', '--target', '1s')).code).toBe(0);
    expect((await cli('sla', 'put', 'gold', '--target', '900ms')).code).toBe(0);
    expect(JSON.parse((await cli('sla', 'get', 'gold')).out)).toMatchObject({ indicator: 'p95', targetMs: 900 });
    expect((await cli('sla', 'list')).out).toContain('p95 <= 900 ms');
    const unfrozen = await cli('group', 'put', 'node-small', '--policy', 'round-robin', '--max-vms', '5');
    expect([unfrozen.code, unfrozen.out]).toEqual([0, 'group node-small is in force within a second\n']);
    const limited = await cli('group', 'put', 'node-small', '--queue-limit', '15', '--mode', 'session');
    expect(limited.out).toMatch(/replaced, successors first \(queue limit\)/);
    expect(JSON.parse((await cli('group', 'get', 'node-small')).out)).toMatchObject({
      maxVms: 5,
      dispatch: { policy: 'round-robin', mode: 'session' },
    });
    expect((await cli('group', 'list')).out).toContain('session round-robin');
    const file = join(folder.path, 'gold.json');
    writeFileSync(file, JSON.stringify({ id: 'gold', targetMs: 700 }));
    const misnamed = await cli('sla', 'put', 'silver', '--file', file);
    expect([misnamed.code, misnamed.err]).toEqual([2, expect.stringContaining('holds the sla "gold", not "silver"')]);
    const both = await cli('sla', 'put', '--file', file, '--target', '2s');
    expect([both.code, both.err]).toEqual([2, expect.stringContaining('--file is the whole sla')]);
    expect(JSON.parse((await cli('sla', 'get', 'gold')).out)).toMatchObject({ targetMs: 900 });
    const invalid = await cli('sla', 'put', 'gold', '--indicator', 'p42');
    expect([invalid.code, invalid.err.match(/received "p42"/g)]).toEqual([2, ['received "p42"']]);
    expect((await cli('sla', 'rm', 'gold')).code).toBe(0);
    const gone = await cli('sla', 'get', 'gold');
    expect(gone.code).toBe(2);
    expect(gone.err).toContain('"gold"');
  });

  it('gives work to a machine soon after it was rented, though tickets name the machines of their moment', async () => {
    const endpoints = [{ region: system.file.regions[0]!.id, url: system.endpoint }];
    const oaas = new OaaS({ endpoints, apiKey: system.file.keys.device, probeIntervalMs: 0 });
    const lifetimesMs: number[] = [];
    oaas.on('ticket', ({ expiresInMs }) => void lifetimesMs.push(expiresInMs));
    const burn = oaas.offload('spin', 'burn', (ms: number) => ({ here: ms }), { prefer: 'remote', idempotent: true });
    const vmsUsed = async () => {
      const calls = await Promise.all([1, 2, 3, 4].map(() => burn.detailed(50)));
      return calls.flatMap(({ ranOn }) => (ranOn.where === 'remote' ? [ranOn.vmId] : []));
    };
    const readyVms = async () =>
      (await system.status()).vms
        .filter((vm) => vm.state === 'ready' && vm.poolId.includes('node-small'))
        .map((vm) => vm.vmId);
    try {
      await until(async () => (await vmsUsed()).length > 0);
      const before = await readyVms();
      const more = ['--min-vms', String(before.length + 1), '--max-vms', String(before.length + 3)];
      expect((await cli('group', 'put', 'node-small', ...more)).code).toBe(0);
      const isNew = (vmId: string) => !before.includes(vmId);
      await until(async () => {
        // The ticket at hand stays in use, and the machine's cores free for the one that starts.
        await burn(1);
        return (await readyVms()).some(isNew);
      });
      const readyAtMs = performance.now();
      await until(async () => (await vmsUsed()).some(isNew));
      // A ticket of the group's two minutes would have been kept for 72 s.
      expect(performance.now() - readyAtMs).toBeLessThan(40_000);
      expect(Math.max(...lifetimesMs)).toBeLessThanOrEqual(slotMs);
    } finally {
      await oaas.close();
      await cli('group', 'put', 'node-small', '--min-vms', '1');
    }
  });

  it('refuses bad input with the value and the fix, and changes nothing', async () => {
    const before = (await cli('sla', 'get', 'default')).out;
    const bad: [string[], RegExp][] = [
      [['sla', 'put', 'default', '--target', '-5s'], /received -5s/],
      [['sla', 'put', 'default', '--quantile', 'NaN'], /received NaN/],
      [['sla', 'put', 'default', '--planner', 'magic'], /planner.*received "magic"/s],
      [['sla', 'put', 'default', '--target', '9000h'], /targetMs/],
      [['sla', 'put', 'default'], /nothing to change/],
      [['group', 'put', 'node-small', '--max-vms', '1.5'], /whole number/],
      [['app', 'put', '/nowhere/at/all'], /cannot read/],
      [['status', '--region', 'atlantis'], /europe/],
    ];
    for (const [args, message] of bad) {
      const { code, err } = await cli(...args);
      expect(code, args.join(' ')).toBe(2);
      expect(err).toMatch(message);
    }
    expect((await cli('sla', 'get', 'default')).out).toBe(before);
    const unknown = await cli('kill', 'no-such-task');
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain('no-such-task');
    const nobody = await cli('status', '--endpoint', 'http://127.0.0.1:9', '--key', 'any');
    expect(nobody.code).toBe(1);
    expect(nobody.err).toContain('start');
  });

  it('lists running tasks and kills one, whose caller is told', async () => {
    const app = mkdtempSync(join(tmpdir(), 'oaas-app-'));
    const methods = { wait: { idempotent: false, demandS: 0.1 } };
    const manifest = { id: 'sleeper', version: '1.0.0', runtime: 'node', entry: 'main.mjs', methods };
    writeFileSync(join(app, 'oaas.json'), JSON.stringify(manifest));
    writeFileSync(join(app, 'main.mjs'), 'export const wait = () => new Promise((r) => setTimeout(r, 600_000));\n');
    expect((await cli('app', 'put', app)).out).toContain('sleeper 1.0.0 registered');
    rmSync(app, { recursive: true });
    expect((await cli('app', 'list')).out).toContain('sleeper');
    await until(async () => {
      const { vms } = await system.status();
      return vms.length > 0 && vms.every((vm) => vm.state === 'ready');
    });
    const args = { type: 'application/json', json: [] };
    const answer = system.post('/v1/invocations', { appId: 'sleeper', requestId: 'sleep-1', method: 'wait', args });
    let early: unknown;
    void answer.then(({ body }) => {
      early = body;
    });
    const task = await until(async () => {
      if (early !== undefined) throw new Error(`answered before it was killed: ${JSON.stringify(early)}`);
      const { tasks } = JSON.parse((await cli('tasks', '--json')).out) as {
        tasks: { taskId: string; state: string; pid: number | null }[];
      };
      return tasks.find((t) => t.state === 'running' && t.pid !== null);
    });
    expect((await cli('tasks')).out).toContain(String(task.pid));
    expect((await cli('kill', task.taskId)).out).toContain('killed');
    const { status, body } = await answer;
    expect(status).toBe(500);
    expect(body.type).toMatch(/task-killed$/);
  });

  it('registers a bundle that is too large for one call by way of an upload; it runs', async () => {
    const app = mkdtempSync(join(tmpdir(), 'oaas-app-'));
    const manifest = { id: 'heavy', version: '1.0.0', runtime: 'node', entry: 'main.mjs', methods: { size: {} } };
    writeFileSync(join(app, 'oaas.json'), JSON.stringify(manifest));
    writeFileSync(
      join(app, 'main.mjs'),
      `import { statSync } from 'node:fs';
       export const size = () => statSync(new URL('data.bin', import.meta.url)).size;`,
    );
    writeFileSync(join(app, 'data.bin'), randomBytes(5_000_000));
    const put = await cli('app', 'put', app, '--json');
    rmSync(app, { recursive: true });
    const registered = JSON.parse(put.out) as { id: string; bundleBytes: number };
    expect(registered.id).toBe('heavy');
    expect(registered.bundleBytes).toBeGreaterThan(directBundleBytes);
    const args = { type: 'application/json', json: [] };
    const answer = await until(async () => {
      const got = await system.post('/v1/invocations', {
        appId: 'heavy',
        requestId: randomUUID(),
        method: 'size',
        args,
      });
      return got.status === 200 && got;
    });
    expect(answer.body.result).toMatchObject({ json: 5_000_000 });
  });
});
