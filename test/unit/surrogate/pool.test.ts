import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Acquired } from '../../../surrogate/isolation/app-pool.ts';
import { type CpuHold, noHold, type Worth } from '../../../surrogate/isolation/cpu-hold.ts';
import { PlainProcess } from '../../../surrogate/isolation/plain.ts';
import { SandboxPool } from '../../../surrogate/isolation/pool.ts';
import { neediest, preparedAhead } from '../../../surrogate/isolation/refill.ts';
import type { SandboxSpec } from '../../../surrogate/isolation/types.ts';

/** `{"ready":true,"prepCpuUs":1}` as a frame: ready, then blocked in a read like any runner. */
const ready = String.raw`printf '\036\000\000\000{"ready": true, "prepCpuUs":1}' >&3; cat <&3`;
const folder = mkdtempSync(join(tmpdir(), 'oaas-pool-'));
const mark = `pool-test-${process.pid}`;

/** A pool whose apps are shell scripts: the digest is the script. */
function poolOf(
  options: { cores?: number; prepareDeadlineMs?: number; weighed?: [number, Worth][]; hold?: Partial<CpuHold> } = {},
): SandboxPool {
  const { cores = 4, prepareDeadlineMs = 60_000, weighed = [] } = options;
  const hold: CpuHold = { ...noHold('none'), weigh: (slot, worth) => weighed.push([slot, worth]), ...options.hold };
  return new SandboxPool({
    isolation: new PlainProcess({ tmpDir: folder, setpriv: null, unshare: null }),
    hold,
    commandOf: () => ({ executable: '/bin/sh', support: [], arguments: (spec) => ['-c', spec.digest, mark] }),
    coreSpeed: 1,
    maxOutputBytes: 1_000,
    firstUid: 0,
    marker: (slot) => ({ name: 'OAAS_POOL_TEST', value: `${process.pid}#${slot}` }),
    minWaiting: 1,
    maxWaiting: 4,
    cores,
    running: () => 0,
    prepareDeadlineMs,
    onGone: () => {},
  });
}
const specOf = (script: string): SandboxSpec => ({
  digest: script,
  runtime: 'node',
  appDir: folder,
  entry: '',
  memoryMiB: 64,
  parallelism: 1,
});
const alive = (): number =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').includes(mark);
    } catch {
      return false;
    }
  }).length;

describe('prepared sandboxes', () => {
  let pool: SandboxPool;
  afterEach(async () => {
    await pool.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const acquire = (script: string) =>
    new Promise<Acquired>((resolve) => {
      pool.acquire(specOf(script), resolve);
    });

  it('an app that never gets ready is killed after its time, and none of it is prepared ahead', async () => {
    pool = poolOf({ prepareDeadlineMs: 200 });
    const outcome = await acquire('sleep 600; exit');
    expect(outcome).toEqual({ ok: false, failure: { kind: 'load-error', detail: 'it was not ready within 0.2 s' } });
    await expect.poll(alive).toBe(0);
    await sleep(200);
    expect(alive()).toBe(0);
  });

  it('requests that go away leave no preparations behind: the next ones wait for the same', async () => {
    pool = poolOf();
    const script = 'sleep 600; exit';
    for (let i = 0; i < 10; i++) {
      const leave = pool.acquire(specOf(script), () => expect.fail('it never gets ready'));
      await sleep(20);
      leave();
    }
    // The four of an app in use at most, and one that a request waited for.
    expect(alive()).toBeLessThanOrEqual(5);
  });

  it('what a request waits for is worth a task, what is prepared ahead is not until it is ready', async () => {
    const weighed: [number, Worth][] = [];
    pool = poolOf({ weighed });
    pool.prewarm(specOf(`sleep 0.5; ${ready}`));
    await expect.poll(() => weighed).toEqual([[0, 'spare']]);
    const outcome = await acquire(`sleep 0.5; ${ready}`);
    expect(outcome.ok).toBe(true);
    expect(weighed.slice(0, 2)).toEqual([
      [0, 'spare'],
      [0, 'task'],
    ]);
  });

  it('a place (its number, user and control group) is used again, also after one that could not be started', async () => {
    const weighed: [number, Worth][] = [];
    let failures = 20;
    const open = async () => {
      if (failures-- > 0) throw new Error('no group');
      return [];
    };
    pool = poolOf({ weighed, hold: { open } });
    while (failures > 0) expect(await acquire(ready)).toMatchObject({ ok: false });
    for (let i = 0; i < 20; i++) {
      const acquired = await acquire(ready);
      if (!acquired.ok) throw new Error(acquired.failure.detail);
      acquired.sandbox.kill({ kind: 'killed', detail: 'finished' });
      await acquired.sandbox.gone;
    }
    // One in use, one on its way out, four kept waiting and as many being prepared.
    expect(Math.max(...weighed.map(([slot]) => slot))).toBeLessThan(10);
  });

  it('an app with many to prepare does not keep another from its first', () => {
    const stock = (waiting: number, starting: number, target: number) => ({ waiting, starting, requests: 0, target });
    const of = (...apps: ReturnType<typeof stock>[]) => apps.indexOf(neediest(apps, (app) => app)!);
    expect(of(stock(0, 2, 4), stock(3, 0, 4))).toBe(1);
    expect(of(stock(3, 1, 4), stock(1, 1, 4))).toBe(1);
    expect(of(stock(4, 0, 4), stock(0, 3, 4))).toBe(1);
    expect(of(stock(4, 0, 4), stock(0, 4, 4))).toBe(-1);
  });

  it('cores that work prepare nothing ahead, but one is always prepared', () => {
    expect([0, 1, 2, 3, 9].map((running) => preparedAhead(4, running))).toEqual([4, 3, 2, 1, 1]);
    expect(preparedAhead(0.25, 0)).toBe(1);
  });

  it('an app whose run dies has none prepared ahead until one answers', async () => {
    pool = poolOf();
    const answer = String.raw`printf '\046\000\000\000{"ok":false,"cpuUs":1,"error":"none"} ' >&3`;
    // The request's first line says what to do.
    const script = String.raw`printf '\036\000\000\000{"ready": true, "prepCpuUs":1}' >&3; read -r what <&3; case "$what" in *answer) ${answer}; cat <&3;; *) exit 3;; esac`;
    const run = async (what: string) => {
      const acquired = await acquire(script);
      if (!acquired.ok) throw new Error(acquired.failure.detail);
      const outcome = await acquired.sandbox.run(Buffer.from(`${what}\n`));
      acquired.sandbox.kill({ kind: 'killed', detail: 'finished' });
      await acquired.sandbox.gone;
      return outcome;
    };
    expect(await run('die')).toMatchObject({ ok: false, failure: { kind: 'died' } });
    // One may have been on its way when it died.
    while (alive() > 0) expect(await run('die')).toMatchObject({ ok: false, failure: { kind: 'died' } });
    await sleep(200);
    expect(alive()).toBe(0);
    expect(await run('answer')).toMatchObject({ ok: false, failure: { kind: 'app-error', detail: 'none' } });
    await expect.poll(alive).toBeGreaterThan(0);
  });
});
