import { describe, expect, it } from 'vitest';
import { createPoolView, exactPresent } from '../../../lib/app/pool-view.ts';
import { createReservations } from '../../../lib/app/reservations.ts';
import type { Heartbeat, Occupancy } from '../../../lib/ports/vm.ts';
import { createMemoryState } from '../../support/memory-state.ts';
import { sampleHeartbeat, sampleVm } from '../../support/samples.ts';

const poolId = 'r1.small.default';

/** A view of one VM over a store whose reads the test sets, older ones included: DynamoDB's reads here are eventually consistent. */
async function createWorld() {
  let nowMs = 1_000_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  let beat = sampleHeartbeat({ atMs: nowMs, bootNonce: 'one' });
  let row: Occupancy | null = null;
  const written: Occupancy[] = [];
  const memory = createMemoryState();
  await memory.putVm(sampleVm({ poolId, sharingLimit: 4, queueLimit: 16 }));
  const store = {
    ...memory,
    listPoolVms: memory.listPoolVms,
    getHeartbeats: async () => new Map([[beat.vmId, beat]]),
    listOccupancy: async () => (row === null ? new Map<string, Occupancy>() : new Map([[row.vmId, row]])),
    casOccupancy: async (_pool: string, _cell: number, next: Occupancy) => {
      written.push(next);
      return { ok: true as const };
    },
  };
  const view = createPoolView(poolId, { store, clock });
  return {
    view,
    reservations: createReservations(store, clock),
    written,
    async read(next: { beat?: Partial<Heartbeat>; row?: Partial<Occupancy> }) {
      nowMs += 300;
      beat = { ...beat, atMs: nowMs, ...next.beat };
      if (next.row !== undefined)
        row = { vmId: 'vm-1', bootNonce: 'one', issuedByBucket: {}, version: 1, ...row, ...next.row };
      const [vm] = await view.vms(0, true);
      return vm!;
    },
    now: () => nowMs,
    bucket: () => String(Math.floor(nowMs / 500)),
  };
}

describe("a controller's copy of a VM", () => {
  it('goes back to no older report or row', async () => {
    const world = await createWorld();
    await world.read({
      beat: { sequence: 5, running: 3 },
      row: { version: 7, issuedByBucket: { [world.bucket()]: 4 } },
    });
    const vm = await world.read({
      beat: { sequence: 4, running: 0 },
      row: { version: 6, issuedByBucket: { [world.bucket()]: 1 } },
    });
    expect(exactPresent(vm, world.now())).toBe(3 + 4);
  });

  it("counts no reservation of the VM's earlier boot, and carries none on", async () => {
    const world = await createWorld();
    const issuedByBucket = { [world.bucket()]: 20 };
    await world.read({ row: { version: 7, issuedByBucket } });
    const vm = await world.read({ beat: { bootNonce: 'two', sequence: 1 } });
    expect(exactPresent(vm, world.now())).toBe(0);
    expect(await world.reservations.reserve(world.view, vm, 20)).toMatchObject({ ok: true });
    expect(world.written).toEqual([
      { vmId: 'vm-1', bootNonce: 'two', version: 8, issuedByBucket: { [world.bucket()]: 1 } },
    ]);
  });
});
