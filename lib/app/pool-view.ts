/**
 * A controller's copy of one pool: VM rows, heartbeats and (exact mode) occupancy rows.
 *
 * Reads are coalesced: whoever needs a fresher copy than there is starts one read, others wait for the same. A read that fails
 * leaves the copy as it is; placements go on with it until it is `usableMs` old, then StoreUnavailableError is passed on:
 * an unknown pool is not an empty one. Own reservations change the copy at once.
 */
import { drained, type ReservationRule, unclaimed } from '../domain/dispatch/occupancy.ts';
import type { Clock } from '../ports/clock.ts';
import { reservationBucketMs, reservationTtlMs } from '../ports/contracts/ticket.ts';
import type { Candidate } from '../ports/contracts/wire.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { Heartbeat, Occupancy, VmRecord } from '../ports/vm.ts';

export const reservationRule: ReservationRule = { bucketMs: reservationBucketMs, ttlMs: reservationTtlMs };

/** A VM that does not report for this long takes no new work (heartbeats come every 2 s). */
export const silentAfterMs = 7_000;
const vmRowsMs = 1_000;
const occupancyMs = 250;
/** With other controllers writing the same rows, occupancy is read along with the heartbeats. */
const contendedMs = 1_000;
const usableMs = 5_000;

/** One VM as the controller sees it. */
export interface PoolVm {
  record: VmRecord;
  heartbeat: Heartbeat;
  /** What a client gets to know of it. */
  candidate: Candidate;
  occupancy: Occupancy | null;
  /** Reservations being written by this process. */
  pendingReservations: number;
  /** Tasks sent without a write since the report: level at `levelAtMs`. */
  level: number;
  levelAtMs: number;
}

export interface PoolView {
  readonly poolId: string;
  /** VMs that take work, at most `maxAgeMs` old as far as the store answers. */
  vms(maxAgeMs: number, withOccupancy: boolean): Promise<readonly PoolVm[]>;
  /** Another controller wrote first. */
  noteConflict(): void;
  /** VMs that are there but cannot take work (starting, draining, silent). */
  unavailableCount(): number;
}

export interface PoolViewDependencies {
  store: Pick<StateStore, 'listPoolVms' | 'getHeartbeats' | 'listOccupancy'>;
  clock: Clock;
}

export function createPoolView(poolId: string, deps: PoolViewDependencies): PoolView {
  const { clock, store } = deps;
  let records: VmRecord[] = [];
  let vms: PoolVm[] = [];
  let unavailable = 0;
  let recordsAtMs = Number.NEGATIVE_INFINITY;
  let heartbeatsAtMs = Number.NEGATIVE_INFINITY;
  let occupancyAtMs = Number.NEGATIVE_INFINITY;
  let conflictAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  const read = async (withOccupancy: boolean): Promise<void> => {
    const startedMs = clock.monotonicMs();
    if (startedMs - recordsAtMs >= vmRowsMs) {
      records = (await store.listPoolVms(poolId)).filter(isListed);
      recordsAtMs = startedMs;
    }
    const occupancyDue =
      withOccupancy &&
      (startedMs - occupancyAtMs >= occupancyMs ||
        startedMs - conflictAtMs < contendedMs ||
        vms.length !== records.length);
    const cells = occupancyDue ? [...new Set(records.map((vm) => vm.cell))] : [];
    const [heartbeats, ...occupancies] = await Promise.all([
      store.getHeartbeats(records.map((vm) => vm.vmId)),
      ...cells.map((cell) => store.listOccupancy(poolId, cell)),
    ]);
    heartbeatsAtMs = startedMs;
    if (occupancyDue) occupancyAtMs = startedMs;
    merge(heartbeats, new Map(occupancies.flatMap((rows) => [...rows])));
  };

  const merge = (heartbeats: Map<string, Heartbeat>, occupancies: Map<string, Occupancy>): void => {
    const previous = new Map(vms.map((vm) => [vm.record.vmId, vm]));
    const nowMs = clock.nowMs();
    const next: PoolVm[] = [];
    for (const record of records) {
      const heartbeat = heartbeats.get(record.vmId);
      if (heartbeat === undefined || !takesWork(record, heartbeat, nowMs)) continue;
      const known = previous.get(record.vmId);
      const vm = known?.heartbeat.bootNonce === heartbeat.bootNonce ? known : fresh(record, heartbeat, nowMs);
      if (heartbeat.sequence > vm.heartbeat.sequence) {
        vm.level = heartbeat.running + heartbeat.waiting;
        vm.levelAtMs = nowMs;
      }
      if (heartbeat.sequence >= vm.heartbeat.sequence) vm.heartbeat = heartbeat;
      vm.record = record;
      const row = occupancies.get(record.vmId);
      // Own writes are newer than a read that started before them.
      if (row !== undefined && row.version > (vm.occupancy?.version ?? 0)) vm.occupancy = row;
      next.push(vm);
    }
    unavailable = records.length - next.length;
    vms = next;
  };

  const fresher = (withOccupancy: boolean): Promise<void> => {
    reading ??= read(withOccupancy).finally(() => {
      reading = null;
    });
    return reading;
  };

  return {
    poolId,
    async vms(maxAgeMs, withOccupancy) {
      const ageMs = clock.monotonicMs() - heartbeatsAtMs;
      if (ageMs >= maxAgeMs) {
        const read = fresher(withOccupancy);
        // A reader that tolerates an old copy need not wait while it is less than twice as old.
        if (!withOccupancy && ageMs < 2 * maxAgeMs) read.catch(() => {});
        else {
          await read.catch((error: Error) => {
            if (ageMs > usableMs) throw error;
          });
        }
      }
      return vms;
    },
    noteConflict() {
      conflictAtMs = clock.monotonicMs();
    },
    unavailableCount: () => unavailable,
  };
}

const isListed = (vm: VmRecord): boolean => vm.state !== 'terminated';

function takesWork(record: VmRecord, heartbeat: Heartbeat, nowMs: number): boolean {
  return (
    (record.state === 'ready' || record.state === 'starting') &&
    !record.cordoned &&
    heartbeat.state === 'ready' &&
    nowMs - heartbeat.atMs <= silentAfterMs
  );
}

const fresh = (record: VmRecord, heartbeat: Heartbeat, nowMs: number): PoolVm => ({
  record,
  heartbeat,
  candidate: {
    vmId: record.vmId,
    url: heartbeat.url,
    certPem: heartbeat.certPem,
    networkMs: record.networkMs,
  },
  occupancy: null,
  pendingReservations: 0,
  level: heartbeat.running + heartbeat.waiting,
  levelAtMs: nowMs,
});

/** Places taken by running, waiting and reserved tasks, this process's reservations in flight included. */
export function exactPresent(vm: PoolVm, nowMs: number): number {
  return vm.heartbeat.running + vm.heartbeat.waiting + reservedPlaces(vm, nowMs) + vm.pendingReservations;
}

/** Reservations of the VM's present boot that are neither claimed nor expired. */
export function reservedPlaces(vm: PoolVm, nowMs: number): number {
  const row = vm.occupancy;
  if (row === null || row.bootNonce !== vm.heartbeat.bootNonce) return 0;
  return unclaimed(row.issuedByBucket, vm.heartbeat.claimedByBucket, nowMs, reservationRule);
}

/** Tasks believed present when nothing is written: the report, what was sent since, less what can have ended since. */
export function estimatedPresent(vm: PoolVm, nowMs: number, serviceRatePerS: number): number {
  return drained(vm.level, nowMs - vm.levelAtMs, serviceRatePerS);
}

/** Records a task sent to the VM without a write. */
export function noteSent(vm: PoolVm, nowMs: number, serviceRatePerS: number): void {
  vm.level = estimatedPresent(vm, nowMs, serviceRatePerS) + 1;
  vm.levelAtMs = nowMs;
}
