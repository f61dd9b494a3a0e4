/** A run on the device whose result is not wanted any more: the caller does not wait for it, and it is told. */
import { afterEach, expect, it } from 'vitest';
import type { LocalContext } from '../../../sdk/typescript/src/api.ts';
import { OaaS } from '../../../sdk/typescript/src/index.node.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A method whose local run never ends by itself. */
function endless(options: { deadlineMs?: number } = {}) {
  const oaas = new OaaS({ endpoints: ['http://127.0.0.1:9'], apiKey: 'key', probeIntervalMs: 0 });
  cleanups.push(() => oaas.close());
  const signals: AbortSignal[] = [];
  const local = (_x: number, { signal }: LocalContext<unknown>) => {
    signals.push(signal);
    return new Promise<number>(() => {});
  };
  const run = oaas.offload<number, number>('app', 'endless', local, { prefer: 'local', ...options });
  return { oaas, run, signals };
}

it('ends when the caller aborts', async () => {
  const { run, signals } = endless();
  const abort = new AbortController();
  const running = run(1, { signal: abort.signal });
  abort.abort();
  await expect(running).rejects.toMatchObject({ name: 'OffloadError', code: 'aborted' });
  expect(signals.map((s) => s.aborted)).toEqual([true]);
});

it('ends when the instance is closed', async () => {
  const { oaas, run, signals } = endless();
  const running = run(1);
  oaas.close();
  await expect(running).rejects.toMatchObject({ code: 'closed' });
  expect(signals.map((s) => s.aborted)).toEqual([true]);
});

it("ends at the caller's deadline", async () => {
  const { run, signals } = endless({ deadlineMs: 20 });
  await expect(run(1)).rejects.toMatchObject({ code: 'deadline-exceeded', message: expect.stringContaining('20 ms') });
  expect(signals.map((s) => s.aborted)).toEqual([true]);
});

it('ends there too where it is the way out of a remote side that is not there', async () => {
  const { run, signals } = endless();
  const running = run(1, { prefer: 'remote', deadlineMs: 500 });
  await expect(running).rejects.toMatchObject({ code: 'deadline-exceeded' });
  expect(signals.map((s) => s.aborted)).toEqual([true]);
});

it('whose thread it blocked is taken however late it is', async () => {
  const oaas = new OaaS({ endpoints: ['http://127.0.0.1:9'], apiKey: 'key', probeIntervalMs: 0 });
  cleanups.push(() => oaas.close());
  const local = () => {
    const endsAtMs = performance.now() + 30;
    while (performance.now() < endsAtMs);
    return 'late';
  };
  expect(await oaas.offload('app', 'busy', local, { prefer: 'local', deadlineMs: 1 })([])).toBe('late');
});
