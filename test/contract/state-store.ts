import { beforeEach, describe, expect, it } from 'vitest';
import type { StateStore } from '../../lib/ports/state-store.ts';
import type { Occupancy } from '../../lib/ports/vm.ts';
import { sampleArrivals, sampleHeartbeat, sampleIntent, sampleVm } from '../support/samples.ts';

const pool = 'r1.small.default';

/** What every adapter of StateStore must do; `create` gives an empty store. */
export function stateStoreContract(adapter: string, create: () => Promise<StateStore>): void {
  describe(`StateStore contract: ${adapter}`, () => {
    let store: StateStore;
    beforeEach(async () => {
      store = await create();
    });

    it('keeps VM rows by pool, without mixing pools whose names share a prefix', async () => {
      await store.putVm(sampleVm());
      await store.putVm(sampleVm({ vmId: 'vm-2', state: 'draining' }));
      await store.putVm(sampleVm({ vmId: 'vm-3', poolId: `${pool}2` }));
      expect((await store.listPoolVms(pool)).map((vm) => [vm.vmId, vm.state])).toEqual([
        ['vm-1', 'ready'],
        ['vm-2', 'draining'],
      ]);
      await store.removeVm(pool, 'vm-1');
      expect((await store.listVms()).map((vm) => vm.vmId).sort()).toEqual(['vm-2', 'vm-3']);
    });

    it('reads more VMs and heartbeats than one page or batch holds', async () => {
      const ids = Array.from({ length: 230 }, (_, i) => `vm-${i}`);
      // 230 rows of ~8 kB are more than the 1 MB of one page.
      const padding = 'x'.repeat(8_000);
      // Not all at once: a call has 2 s, and on a slow machine so many wait longer than that for each other.
      for (let from = 0; from < ids.length; from += 10) {
        const some = ids.slice(from, from + 10);
        await Promise.all(some.map((vmId) => store.putVm(sampleVm({ vmId, intentId: padding }))));
        await Promise.all(some.map((vmId) => store.putHeartbeat(sampleHeartbeat({ vmId }))));
      }
      expect((await store.listPoolVms(pool)).length).toBe(230);
      const heartbeats = await store.getHeartbeats([...ids, 'vm-absent', 'vm-1']);
      expect([...heartbeats.keys()].sort()).toEqual([...ids].sort());
    });

    it('ignores a heartbeat that is older than the stored one of the same boot, and takes any of a new boot', async () => {
      const stored = async () => (await store.getHeartbeats(['vm-1'])).get('vm-1');
      await store.putHeartbeat(sampleHeartbeat({ sequence: 5, running: 2 }));
      await store.putHeartbeat(sampleHeartbeat({ sequence: 4, running: 1 }));
      expect(await stored()).toMatchObject({ sequence: 5, running: 2 });
      await store.putHeartbeat(sampleHeartbeat({ sequence: 1, bootNonce: 'boot-2' }));
      expect(await stored()).toMatchObject({ sequence: 1, bootNonce: 'boot-2' });
      await store.removeHeartbeat('vm-1');
      expect(await stored()).toBeUndefined();
    });

    it('loses no reservation when many writers race by compare-and-swap', async () => {
      const writers = 8;
      const each = 5;
      const reserve = async () => {
        let row: Occupancy = { vmId: 'vm-1', bootNonce: 'boot-1', issuedByBucket: {}, version: 0 };
        for (;;) {
          const issued = (row.issuedByBucket['7'] ?? 0) + 1;
          const outcome = await store.casOccupancy(pool, 0, {
            ...row,
            issuedByBucket: { '7': issued },
            version: row.version + 1,
          });
          if (outcome.ok) return;
          // The refusal carries the row as stored, so the loser needs no other read.
          expect(outcome.current).not.toBeNull();
          row = outcome.current ?? row;
        }
      };
      await Promise.all(
        Array.from({ length: writers }, async () => {
          for (let i = 0; i < each; i++) await reserve();
        }),
      );
      const row = (await store.listOccupancy(pool, 0)).get('vm-1');
      expect(row).toEqual({
        vmId: 'vm-1',
        bootNonce: 'boot-1',
        issuedByBucket: { '7': writers * each },
        version: writers * each,
      });
      expect((await store.listOccupancy(pool, 1)).size).toBe(0);
    });

    it('refuses a write over a row that is gone, naming the absence', async () => {
      const next: Occupancy = { vmId: 'vm-9', bootNonce: 'b', issuedByBucket: {}, version: 4 };
      expect(await store.casOccupancy(pool, 0, next)).toEqual({ ok: false, current: null });
    });

    it('sums arrivals over shards and minutes and knows which pools are active', async () => {
      await store.addArrivals('a', [
        sampleArrivals({ count: 3, refused: 1 }),
        sampleArrivals({ minuteStartMs: 120_000 }),
      ]);
      await store.addArrivals('b', [sampleArrivals({ count: 4, responseCount: 2, responseSumMs: 50.5 })]);
      await store.addArrivals('a', [
        sampleArrivals({ count: 2 }),
        sampleArrivals({ poolId: 'other', minuteStartMs: 0 }),
      ]);
      const minutes = await store.listArrivals(pool, 60_000, 180_000);
      expect(minutes.sort((a, b) => a.minuteStartMs - b.minuteStartMs)).toEqual([
        sampleArrivals({ count: 9, refused: 1, responseCount: 2, responseSumMs: 50.5 }),
        sampleArrivals({ minuteStartMs: 120_000, count: 1 }),
      ]);
      expect((await store.listArrivals(pool, 0, 60_000)).length).toBe(0);
      expect((await store.listArrivals(pool, 60_000, 120_000)).length).toBe(1);
      expect(await store.activePools(120_000)).toEqual([pool]);
      expect((await store.activePools(0)).sort()).toEqual(['other', pool].sort());
    });

    it('counts every arrival when flushes of one shard overlap', async () => {
      await Promise.all(Array.from({ length: 20 }, () => store.addArrivals('a', [sampleArrivals({ count: 2 })])));
      expect((await store.listArrivals(pool, 60_000, 60_001))[0]?.count).toBe(40);
    });

    it('gives a lease to exactly one of many, renews it without a new epoch, and raises the epoch for each new owner', async () => {
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, i) => store.acquire('scaler', `owner-${i}`, 1_000, 0)),
      );
      const winners = claims.filter((lease) => lease !== null);
      expect(winners.length).toBe(1);
      const first = winners[0]!;
      expect(first.epoch).toBe(1);
      expect(await store.acquire('scaler', 'late', 1_000, 999)).toBeNull();
      expect(await store.acquire('scaler', first.owner, 1_000, 500)).toMatchObject({ epoch: 1, expiresAtMs: 1_500 });
      const races = await Promise.all(['x', 'y', 'z'].map((owner) => store.acquire('scaler', owner, 1_000, 1_500)));
      const second = races.filter((lease) => lease !== null);
      expect(second.length).toBe(1);
      expect(second[0]).toMatchObject({ epoch: 2 });
      // The first owner comes late: its release must not free what is another's.
      await store.release(first);
      expect(await store.acquire('scaler', 'w', 1_000, 1_600)).toBeNull();
      await store.release(second[0]!);
      expect(await store.acquire('scaler', 'w', 1_000, 1_600)).toMatchObject({ epoch: 3 });
    });

    it('gives an expired lease either back to its holder or to another, never to both', async () => {
      for (let round = 0; round < 10; round++) {
        const name = `scaler-${round}`;
        await store.acquire(name, 'holder', 1_000, 0);
        const claims = await Promise.all(['holder', 'rival'].map((owner) => store.acquire(name, owner, 1_000, 2_000)));
        expect(claims.filter((lease) => lease !== null)).toHaveLength(1);
      }
    });

    it('fences every write of a scaler whose epoch has passed', async () => {
      expect(await store.putIntent(sampleIntent({ epoch: 2 }))).toBe('written');
      expect(await store.putIntent(sampleIntent({ intentId: 'intent-2', epoch: 1, poolId: 'another' }))).toBe('stale');
      expect(await store.putIntent(sampleIntent({ intentId: 'intent-3', epoch: 3 }))).toBe('written');
      expect(await store.putIntent(sampleIntent({ epoch: 2, status: 'done' }))).toBe('stale');
      expect((await store.listOpenIntents()).map((intent) => intent.intentId).sort()).toEqual(['intent-1', 'intent-3']);
      expect(await store.putIntent(sampleIntent({ epoch: 3, status: 'done', vmIds: ['vm-1'] }))).toBe('written');
      expect(await store.listOpenIntents()).toEqual([sampleIntent({ intentId: 'intent-3', epoch: 3 })]);

      expect(await store.putDocument('forecast', { a: 1 }, 2)).toBe('written');
      expect(await store.putDocument('forecast', { a: 0 }, 1)).toBe('stale');
      expect(await store.getDocument('forecast')).toEqual({ a: 1 });
      expect(await store.getDocument('absent')).toBeNull();
    });

    it('lets a stale scaler win no race against the next one', async () => {
      await store.putIntent(sampleIntent({ intentId: 'fence', epoch: 5 }));
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store.putIntent(sampleIntent({ intentId: `i-${i}`, epoch: i % 2 ? 5 : 4 })),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === 'written').length).toBe(10);
      expect((await store.listOpenIntents()).every((intent) => intent.epoch === 5)).toBe(true);
    });

    it('keeps slot records in order of time and rejects a stale epoch', async () => {
      for (const slotStartMs of [20_000, 0, 10_000]) {
        expect(await store.putSlot({ poolId: pool, slotStartMs, epoch: 2, body: { slotStartMs } })).toBe('written');
      }
      expect(await store.putSlot({ poolId: pool, slotStartMs: 0, epoch: 1, body: 'late' })).toBe('stale');
      expect(await store.listSlots(pool, 0, 20_000)).toEqual([
        { poolId: pool, slotStartMs: 0, epoch: 2, body: { slotStartMs: 0 } },
        { poolId: pool, slotStartMs: 10_000, epoch: 2, body: { slotStartMs: 10_000 } },
      ]);
    });
  });
}
