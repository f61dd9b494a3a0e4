import { expect, it } from 'vitest';
import type { PoolView, PoolVm } from '../../../lib/app/pool-view.ts';
import { createReservations } from '../../../lib/app/reservations.ts';
import type { Occupancy } from '../../../lib/ports/vm.ts';
import { sampleHeartbeat, sampleVm } from '../../support/samples.ts';

it('a reservation that loses every race is sent back to pick another VM, and so are those behind it', async () => {
  let writes = 0;
  const store = {
    // Another controller is always one version ahead.
    casOccupancy: async (_poolId: string, _cell: number, next: Occupancy) => {
      writes += 1;
      return { ok: false as const, current: { ...next, issuedByBucket: {} } };
    },
    listOccupancy: async () => new Map<string, Occupancy>(),
  };
  const clock = { nowMs: () => 1_000_000, monotonicMs: () => 0 };
  const view: PoolView = {
    poolId: 'p',
    vms: async () => [],
    isYoungEnoughToReserve: () => true,
    noteConflict: () => {},
    unavailableCount: () => 0,
    startingCount: () => 0,
  };
  const vm: PoolVm = {
    record: sampleVm(),
    heartbeat: sampleHeartbeat(),
    candidate: { vmId: 'vm-1', url: '', certPem: '', networkMs: 0 },
    occupancy: null,
    pendingReservations: 0,
    level: 0,
    levelAtMs: 0,
  };
  const reservations = createReservations(store, clock);
  const outcomes = await Promise.all([1, 2, 3].map(() => reservations.reserve(view, vm, 100)));
  expect(outcomes).toEqual([{ ok: false }, { ok: false }, { ok: false }]);
  expect(writes).toBeLessThanOrEqual(2 * 17);
  expect(vm.pendingReservations).toBe(0);
});
