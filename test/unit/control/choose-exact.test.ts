import { expect, it } from 'vitest';
import { createArrivals } from '../../../lib/app/arrivals.ts';
import { chooseExact } from '../../../lib/app/choose-by-mode.ts';
import { createPoolState, issuedTo } from '../../../lib/app/pool-state.ts';
import { createPoolView } from '../../../lib/app/pool-view.ts';
import { groupSchema, slaSchema } from '../../../lib/ports/contracts/config.ts';
import { createMemoryState } from '../../support/memory-state.ts';
import { sampleHeartbeat, sampleVm } from '../../support/samples.ts';
import { sampleApp } from '../../support/test-region.ts';

it('reservations that others got first do not count as held by the principal that asked', async () => {
  const nowMs = 1_000_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const store = createMemoryState();
  await store.putVm(sampleVm());
  await store.putHeartbeat(sampleHeartbeat({ atMs: nowMs }));
  const pool = createPoolState(createPoolView('r1.small.default', { store, clock }));
  const vms = await pool.view.vms(0, true);
  const choice = { present: 0, admissionLimit: 20, coreRatePerS: 1, parallelism: 1, serviceRatePerS: 1, networkS: 0 };
  let asked = 0;
  const outcome = await chooseExact(
    {
      clock,
      arrivals: createArrivals(store, 's'),
      random: () => 0,
      reservations: {
        reserve: async () => {
          asked += 1;
          return { ok: false };
        },
      },
    },
    {
      pool,
      principal: 'device',
      request: { appId: 'demo' },
      classified: {
        app: sampleApp(),
        sla: slaSchema.parse({ id: 'default', targetMs: 500 }),
        group: groupSchema.parse({ id: 'small', runtimes: ['node'], memoryMiB: 1024, vcpus: 2 }),
        poolId: 'r1.small.default',
      },
      endMs: nowMs + 1,
    },
    async () => ({ vms, choices: () => [{ ...choice }], predictedMs: () => 1 }),
  );
  expect(outcome).toMatchObject({ refusal: 'saturated' });
  expect(asked).toBeGreaterThan(1);
  expect(issuedTo(pool, 'device', nowMs)).toBe(0);
});
