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
/** Reservations live 2 s: a claim that was not reported for long would be counted neither as issued nor as running. */
const usableExactMs = 500;
/** A copy up to this many times its allowed age is used while the next is being read. */
const patience = 5;
/** A copy that could still be used is not waited for longer than this. */
const hurryMs = 100;
/** Reading takes at most one part in this many of the time, up to a wait of `restMs`. */
const readShare = 4;
const restMs = 200;

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
  /** False once the copy is too old to tell reserved places from free ones: read it again first. */
  isYoungEnoughToReserve(): boolean;
  /** Another controller wrote first. */
  noteConflict(): void;
  /** VMs that are there but cannot take work (starting, draining, silent). */
  unavailableCount(): number;
  /** VMs that will take work once they are up. */
  startingCount(): number;
}

export interface PoolViewDependencies {
  store: Pick<StateStore, 'listPoolVms' | 'getHeartbeats' | 'listOccupancy'>;
  clock: Clock;
}

export function createPoolView(poolId: string, deps: PoolViewDependencies): PoolView {
  const { clock, store } = deps;
  let records: VmRecord[] = [];
  let known = new Map<string, PoolVm>();
  let vms: PoolVm[] = [];
  let unavailable = 0;
  let starting = 0;
  let recordsAtMs = Number.NEGATIVE_INFINITY;
  let heartbeatsAtMs = Number.NEGATIVE_INFINITY;
  let occupancyAtMs = Number.NEGATIVE_INFINITY;
  let conflictAtMs = Number.NEGATIVE_INFINITY;
  let readTookMs = 0;
  let reading: Promise<void> | null = null;

  const read = async (withOccupancy: boolean): Promise<void> => {
    const startedMs = clock.monotonicMs();
    if (startedMs - recordsAtMs >= vmRowsMs) {
      records = (await store.listPoolVms(poolId)).filter(isListed);
      recordsAtMs = startedMs;
    }
    const occupancyDue =
      withOccupancy && (startedMs - occupancyAtMs >= occupancyMs || startedMs - conflictAtMs < contendedMs);
    const cells = occupancyDue ? [...new Set(records.map((vm) => vm.cell))] : [];
    const [heartbeats, ...occupancies] = await Promise.all([
      store.getHeartbeats(records.map((vm) => vm.vmId)),
      ...cells.map((cell) => store.listOccupancy(poolId, cell)),
    ]);
    heartbeatsAtMs = startedMs;
    readTookMs = clock.monotonicMs() - startedMs;
    if (occupancyDue) occupancyAtMs = startedMs;
    merge(heartbeats, new Map(occupancies.flatMap((rows) => [...rows])));
  };

  const merge = (heartbeats: Map<string, Heartbeat>, occupancies: Map<string, Occupancy>): void => {
    const nowMs = clock.nowMs();
    const seen = new Map<string, PoolVm>();
    for (const record of records) {
      const heartbeat = heartbeats.get(record.vmId);
      if (heartbeat === undefined) continue;
      const previous = known.get(record.vmId);
      // One object per boot, listed or not: a reservation under way must see the reports that come meanwhile.
      const vm = previous?.heartbeat.bootNonce === heartbeat.bootNonce ? previous : fresh(record, heartbeat, nowMs);
      if (heartbeat.sequence > vm.heartbeat.sequence) {
        vm.level = heartbeat.running + heartbeat.waiting;
        vm.levelAtMs = nowMs;
      }
      if (heartbeat.sequence >= vm.heartbeat.sequence) vm.heartbeat = heartbeat;
      vm.record = record;
      const row = occupancies.get(record.vmId);
      // Own writes are newer than a read that started before them.
      if (row !== undefined && row.version > (vm.occupancy?.version ?? 0)) vm.occupancy = row;
      seen.set(record.vmId, vm);
    }
    known = seen;
    vms = [...seen.values()].filter((vm) => takesWork(vm.record, vm.heartbeat, nowMs));
    unavailable = records.length - vms.length;
    const taking = new Set(vms.map((vm) => vm.record));
    starting = records.filter((vm) => vm.state === 'starting' && !vm.cordoned && !taking.has(vm)).length;
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
      if (ageMs < Math.max(maxAgeMs, Math.min(restMs, readShare * readTookMs))) return vms;
      const read = fresher(withOccupancy);
      if (ageMs < patience * maxAgeMs) {
        // Steady traffic keeps the copy young enough without anyone waiting for it.
        read.catch(() => {});
      } else {
        const usable = withOccupancy ? usableExactMs : usableMs;
        await (ageMs > usable ? read : Promise.race([read.catch(() => {}), pause(hurryMs)]));
      }
      return vms;
    },
    isYoungEnoughToReserve: () => clock.monotonicMs() - heartbeatsAtMs <= usableExactMs,
    noteConflict() {
      conflictAtMs = clock.monotonicMs();
    },
    unavailableCount: () => unavailable,
    startingCount: () => starting,
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const isListed = (vm: VmRecord): boolean => vm.state !== 'terminated' && vm.state !== 'stopped';

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
