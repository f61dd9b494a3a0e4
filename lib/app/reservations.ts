/**
 * Reservations on true occupancy: one conditional write per VM at a time.
 *
 * Requests of this process that want the same VM while a write is under way are written together by the next one, so that
 * a process never races with itself and a busy VM costs one write per round trip, not per request. A lost race against another
 * controller brings the stored row along; the batch is checked against it again and what no longer fits is sent back to
 * pick another VM. The version makes the check and the write one step: no two controllers can give the last place twice.
 */
import { bucketOf, issue } from '../domain/dispatch/occupancy.ts';
import type { Clock } from '../ports/clock.ts';
import type { OccupancyStore } from '../ports/state-store.ts';
import type { Occupancy } from '../ports/vm.ts';
import { type PoolView, type PoolVm, reservationRule, reservedPlaces } from './pool-view.ts';

/** After so many lost races, or so long, the requests are sent back to pick another VM: nobody waits for a row that others keep. */
const mostLostRaces = 16;
const longestSettleMs = 2_000;

export type Reservation = { ok: true; bucket: number } | { ok: false };

interface Waiting {
  admissionLimit: number;
  settle(outcome: Reservation): void;
  fail(error: unknown): void;
}

export interface Reservations {
  /** Takes one place of the VM, unless it then held more than `admissionLimit`. Throws StoreUnavailableError. */
  reserve(view: PoolView, vm: PoolVm, admissionLimit: number): Promise<Reservation>;
}

export function createReservations(store: OccupancyStore, clock: Clock): Reservations {
  const queues = new Map<string, Waiting[]>();

  const drain = async (key: string, view: PoolView, vm: PoolVm, queue: Waiting[]): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.splice(0);
      vm.pendingReservations -= batch.length;
      try {
        await settle(view, vm, batch);
      } catch (error) {
        for (const request of batch) request.fail(error);
      }
    }
    // In the same turn as the last look at the queue: whoever comes later starts anew.
    queues.delete(key);
  };

  const settle = async (view: PoolView, vm: PoolVm, batch: readonly Waiting[]): Promise<void> => {
    let pending = batch;
    const startedMs = clock.monotonicMs();
    for (let lost = 0; pending.length > 0; lost++) {
      const nowMs = clock.nowMs();
      const givenUp = lost > mostLostRaces || clock.monotonicMs() - startedMs > longestSettleMs;
      if (givenUp || !view.isYoungEnoughToReserve()) {
        // The lost race took so long that claims may have gone unseen while their reservations expired.
        for (const request of pending) request.settle({ ok: false });
        return;
      }
      const taken = vm.heartbeat.running + vm.heartbeat.waiting + reservedPlaces(vm, nowMs);
      const fitting = pending.filter((request, i) => taken + i < request.admissionLimit);
      for (const request of pending) if (!fitting.includes(request)) request.settle({ ok: false });
      if (fitting.length === 0) return;
      const next = withIssued(vm, fitting.length, nowMs);
      vm.pendingReservations += fitting.length;
      const outcome = await store.casOccupancy(view.poolId, vm.record.cell, next).finally(() => {
        vm.pendingReservations -= fitting.length;
      });
      if (outcome.ok) {
        if (next.version > (vm.occupancy?.version ?? 0)) vm.occupancy = next;
        const bucket = bucketOf(nowMs, reservationRule);
        for (const request of fitting) request.settle({ ok: true, bucket });
        return;
      }
      view.noteConflict();
      vm.occupancy = outcome.current;
      pending = fitting;
    }
  };

  return {
    reserve(view, vm, admissionLimit) {
      return new Promise((resolve, reject) => {
        const request: Waiting = { admissionLimit, settle: resolve, fail: reject };
        const key = `${vm.record.vmId}/${vm.heartbeat.bootNonce}`;
        vm.pendingReservations++;
        const queue = queues.get(key);
        if (queue !== undefined) {
          queue.push(request);
          return;
        }
        const created = [request];
        queues.set(key, created);
        void drain(key, view, vm, created);
      });
    },
  };
}

/** The row after `count` more reservations; those of an earlier boot died with it. */
function withIssued(vm: PoolVm, count: number, nowMs: number): Occupancy {
  const row = vm.occupancy;
  const issued = row?.bootNonce === vm.heartbeat.bootNonce ? row.issuedByBucket : {};
  return {
    vmId: vm.record.vmId,
    bootNonce: vm.heartbeat.bootNonce,
    issuedByBucket: issue(issued, count, nowMs, reservationRule),
    version: (row?.version ?? 0) + 1,
  };
}
