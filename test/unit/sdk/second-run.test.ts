/** Idempotent methods on both sides at once: races, late answers, and what becomes of the side that lost. */
import { afterEach, expect, it } from 'vitest';
import type { OffloadOptions } from '../../../sdk/typescript/src/api.ts';
import { OaaS } from '../../../sdk/typescript/src/index.node.ts';
import { deviceKey, fakeAgent, fakeRegion } from '../../support/fake-region.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A local implementation that ends when it is told to. */
function localRuns() {
  const runs: { finish: () => void; aborted: boolean }[] = [];
  const local = (_n: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise<string>((resolve) => {
      const run = { finish: () => resolve('local'), aborted: false };
      runs.push(run);
      signal.addEventListener('abort', () => {
        run.aborted = true;
        resolve('aborted');
      });
    });
  return { runs, local };
}

async function setUp(options: OffloadOptions) {
  const agent = await fakeAgent('vm-1');
  cleanups.push(() => agent.stop());
  const region = await fakeRegion('eu', [agent]);
  cleanups.push(() => region.stop());
  const oaas = new OaaS({ endpoints: [{ region: 'eu', url: region.url }], apiKey: deviceKey, probeIntervalMs: 0 });
  cleanups.push(() => oaas.close());
  await oaas.ready();
  const { runs, local } = localRuns();
  const method = oaas.offload<number, string>('app', 'm', local as never, { idempotent: true, ...options });
  return { agent, oaas, runs, method };
}

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
};

it('starts both when nothing is known of either, takes the first result and lets the device finish to be measured', async () => {
  const { runs, method } = await setUp({ localRunsAside: true });
  const { result, ranOn, reason } = await method.detailed(7);
  expect({ result, where: ranOn.where, reason }).toEqual({ result: 7, where: 'remote', reason: 'unmeasured-remote' });
  expect(runs).toHaveLength(1);
  expect(runs[0]!.aborted).toBe(false);
  runs[0]!.finish();
});

it('takes the result of the device where that is first, and gives nothing up as fallen back', async () => {
  const { agent, oaas, runs, method } = await setUp({ localRunsAside: true });
  agent.behave = () => 'hang';
  const fallbacks: string[] = [];
  oaas.on('fallback', ({ cause }) => fallbacks.push(cause));
  const answer = method.detailed(7);
  await until(() => runs.length === 1 && agent.seen.length === 1);
  runs[0]!.finish();
  const { result, ranOn, reason, attempts } = await answer;
  expect({ result, where: ranOn.where, reason }).toEqual({
    result: 'local',
    where: 'local',
    reason: 'unmeasured-remote',
  });
  expect(attempts).toMatchObject([{ where: 'local', outcome: 'ok' }]);
  expect(fallbacks).toEqual([]);
});

it('waits for the device where the surrogate of a race refuses', async () => {
  const { agent, runs, method } = await setUp({ localRunsAside: true });
  agent.behave = () => ({ problem: 'saturated' });
  const answer = method.detailed(7);
  await until(() => runs.length === 1 && agent.seen.length === 1);
  runs[0]!.finish();
  expect(await answer).toMatchObject({ result: 'local', ranOn: { where: 'local' } });
  // Once the refusal is heard nobody asks again for a while.
  for (let reason = ''; reason !== 'remote-unavailable'; ) {
    // The refusal comes in a turn of the event loop, which calls that end at once leave none for.
    await new Promise((resolve) => setTimeout(resolve, 1));
    const before = runs.length;
    const next = method.detailed(7);
    await until(() => runs.length > before);
    runs.at(-1)!.finish();
    reason = (await next).reason;
  }
});

it.each([
  { localRunsAside: false, idempotent: true },
  { localRunsAside: true, idempotent: false },
])('does not start the device at once with %o', async (options) => {
  const { runs, method } = await setUp(options);
  expect(await method(7)).toBe(7);
  expect(runs).toHaveLength(0);
});

it('starts the device when an answer is later than answers are, and gives the surrogate up', async () => {
  const { agent, runs, oaas, method } = await setUp({ localEstimateMs: 150 });
  for (let i = 0; i < 5; i++) expect(await method(i)).toBe(i);
  const fallbacks: string[] = [];
  oaas.on('fallback', ({ cause }) => fallbacks.push(cause));
  agent.behave = () => 'hang';
  const answer = method.detailed(7);
  await until(() => runs.length === 1);
  runs[0]!.finish();
  expect(await answer).toMatchObject({ result: 'local', ranOn: { where: 'local' }, reason: 'answer-late' });
  expect(fallbacks).toHaveLength(1);
});
