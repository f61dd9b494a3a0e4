/**
 * The deployed classifier (its real bundle, one process, events of API Gateway's shape through a Runtime API): initialization, and
 * a warm placement beside what the store alone takes for the same write. The bundle runs on this machine's Node, not on arm64.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleHandlers, handlerFolder } from '../lib/infra/bundle-handlers.ts';
import { asDevice, httpEvent, startLambdaRegion } from '../test/support/lambda-region.ts';
import { startLambda } from '../test/support/lambda-runtime.ts';
import type { Bench, BenchRow } from './row.ts';

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

export const bench: Bench = async ({ quick, onProgress }) => {
  const folder = await mkdtemp(join(tmpdir(), 'oaas-bundles-'));
  await bundleHandlers(folder);
  const rows: BenchRow[] = [];
  try {
    for (const mode of ['session', 'exact'] as const) {
      onProgress?.(`${mode} placements`);
      rows.push(...(await measure(mode, handlerFolder('classifier', folder), quick)));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return rows;
};

async function measure(mode: 'session' | 'exact', folder: string, quick: boolean): Promise<BenchRow[]> {
  const region = await startLambdaRegion({ mode });
  try {
    const inits: number[] = [];
    const starts = mode === 'session' ? (quick ? 2 : 11) : 0;
    for (let i = 0; i < starts; i++) {
      const cold = await startLambda(folder, region.environment);
      inits.push(cold.initMs);
      cold.stop();
    }
    const lambda = await startLambda(folder, region.environment);
    const event = () => httpEvent('POST', '/v1/placements', { appId: 'demo', method: 'run' }, asDevice);
    const placements: number[] = [];
    const store: number[] = [];
    const rounds = quick ? 20 : 300;
    for (let i = 0; i < rounds; i++) {
      const { answer, ms } = await lambda.invoke(event());
      if (!JSON.stringify(answer).includes('remote')) throw new Error(`no placement: ${JSON.stringify(answer)}`);
      placements.push(ms);
      // The same kind of write that an exact placement makes, from this process.
      const begin = performance.now();
      const occupancy = { vmId: `probe-${i}`, bootNonce: 'n', issuedByBucket: {}, version: 1 };
      await region.state.casOccupancy('probe', 0, occupancy);
      store.push(performance.now() - begin);
    }
    lambda.stop();
    const storeMs = mode === 'exact' ? median(store) : 0;
    const warm: BenchRow = {
      name: `warm ${mode} placement above the store's own time, p50`,
      value: median(placements) - storeMs,
      unit: 'ms',
      bar: { atMost: 5 },
      note: mode === 'exact' ? `${median(store).toFixed(2)} ms for one conditional write` : 'no write per placement',
    };
    if (starts === 0) return [warm];
    const init = {
      name: 'initialization of the classifier, p50',
      value: median(inits),
      unit: 'ms',
      bar: { atMost: 250 },
    };
    return [{ ...init, note: `${starts} processes: Node's start, the bundle, first reads` }, warm];
  } finally {
    await region.stop();
  }
}
