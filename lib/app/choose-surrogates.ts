import { type ChoiceVm, chooseVm, delayOf } from '../domain/dispatch/choose-vm.ts';
import { sessionCandidates } from '../domain/dispatch/session-candidates.ts';
import type { Clock } from '../ports/clock.ts';
import { reservationTtlMs } from '../ports/contracts/ticket.ts';
import type { PlacementRequest } from '../ports/contracts/wire.ts';
import type { Arrivals } from './arrivals.ts';
import type { Classified } from './classify-request.ts';
import type { ResponsePredictor } from './place.ts';
import { choiceOf, demandOf, issuedTo, noteIssued, type PoolState } from './pool-state.ts';
import { estimatedPresent, exactPresent, noteSent, type PoolVm, reservedPlaces } from './pool-view.ts';
import type { Reservations } from './reservations.ts';

/** Surrogates of one ticket, best first. */
export interface Chosen {
  vms: PoolVm[];
  predictedMs: number;
  /** Exact mode: the reservation's bucket on the first VM. */
  bucket: number | null;
}

/** Why there are none. */
export interface Refusal {
  refusal: 'saturated' | 'no-capacity' | 'too-slow' | 'too-many-outstanding';
  detail: string;
  retryAfterMs: number;
}

export interface ChooseDependencies {
  clock: Clock;
  arrivals: Arrivals;
  reservations: Reservations;
  random: () => number;
  predict?: ResponsePredictor;
}

/** Heartbeats are read again at most this often in exact mode. */
const exactRefreshMs = 10;
/** Candidates beside the first where every request is placed; they hold no reservation. */
const alternates = 2;
/** Other VMs tried when the last place went to another controller. */
const reserveAttempts = 16;
/** Retry-After where a VM has to boot first, and where all are full. */
const bootRetryMs = 2_000;
const fullRetryMs = 200;
/** Share of a pool's places that one principal may hold without claiming them, and what it may hold in any case. */
const outstandingShare = 0.5;
const outstandingFloor = 8;

/** Chooses by the pool's mode and policy among the VMs that may take this request. */
export async function chooseSurrogates(
  deps: ChooseDependencies,
  pool: PoolState,
  principal: string,
  request: PlacementRequest,
  classified: Classified,
): Promise<Chosen | Refusal> {
  const { mode, snapshotRefreshMs } = classified.group.dispatch;
  const exact = mode === 'exact';
  const all = await pool.view.vms(exact ? exactRefreshMs : snapshotRefreshMs, exact);
  const eligible = eligibleVms(all, request);
  if (!Array.isArray(eligible)) return eligible;
  if (eligible.length === 0) return noCapacity(classified, pool);
  const nowMs = deps.clock.nowMs();
  const demandS = demandOf(pool, classified, request.method, all, nowMs);
  const describe = (present: (vm: PoolVm, serviceRatePerS: number) => number): ChoiceVm[] =>
    eligible.map((vm) => {
      const choice = choiceOf(vm, classified, demandS, 0);
      choice.present = present(vm, choice.serviceRatePerS);
      return choice;
    });
  const predicted = (choices: readonly ChoiceVm[], first: ChoiceVm): number => {
    const modelMs = deps.predict?.(choices, deps.arrivals.ratePerS(pool.view.poolId, nowMs), classified) ?? 0;
    return Math.max(modelMs, delayOf(first) * 1000);
  };
  switch (mode) {
    case 'exact':
      return chooseExact(deps, pool, principal, request, classified, eligible, describe, predicted);
    case 'snapshot':
      return chooseSnapshot(deps, pool, request, classified, eligible, describe, predicted);
    case 'session':
      return chooseSession(deps, pool, classified, eligible, describe, predicted);
  }
}

type Describe = (present: (vm: PoolVm, serviceRatePerS: number) => number) => ChoiceVm[];
type Predicted = (choices: readonly ChoiceVm[], first: ChoiceVm) => number;

async function chooseExact(
  deps: ChooseDependencies,
  pool: PoolState,
  principal: string,
  request: PlacementRequest,
  classified: Classified,
  vms: readonly PoolVm[],
  describe: Describe,
  predicted: Predicted,
): Promise<Chosen | Refusal> {
  for (let attempt = 0; attempt < reserveAttempts; attempt++) {
    const nowMs = deps.clock.nowMs();
    const choices = describe((vm) => exactPresent(vm, nowMs));
    const hogged = tooManyOutstanding(pool, principal, vms, choices, nowMs);
    if (hogged !== null) return hogged;
    const i = chooseVm(classified.group.dispatch.policy, choices, pool.cursor, deps.random);
    if (i === -1) break;
    const vm = vms[i]!;
    const first = choices[i]!;
    const predictedMs = predicted(choices, first);
    // Slower than the device: nothing to reserve, the caller answers `local`.
    if (request.localEstimateMs !== undefined && predictedMs > request.localEstimateMs) {
      return { vms: [vm], predictedMs, bucket: null };
    }
    noteIssued(pool, principal, nowMs);
    const reservation = await deps.reservations.reserve(pool.view, vm, first.admissionLimit);
    if (reservation.ok) return { vms: withAlternates(vms, choices, i), predictedMs, bucket: reservation.bucket };
  }
  return saturated(classified, vms.length);
}

function chooseSnapshot(
  deps: ChooseDependencies,
  pool: PoolState,
  request: PlacementRequest,
  classified: Classified,
  vms: readonly PoolVm[],
  describe: Describe,
  predicted: Predicted,
): Chosen | Refusal {
  const nowMs = deps.clock.nowMs();
  const choices = describe((vm, rate) => estimatedPresent(vm, nowMs, rate));
  const i = chooseVm(classified.group.dispatch.policy, choices, pool.cursor, deps.random);
  if (i === -1) return saturated(classified, vms.length);
  const predictedMs = predicted(choices, choices[i]!);
  if (request.localEstimateMs === undefined || predictedMs <= request.localEstimateMs) {
    noteSent(vms[i]!, nowMs, choices[i]!.serviceRatePerS);
  }
  return { vms: withAlternates(vms, choices, i), predictedMs, bucket: null };
}

function chooseSession(
  deps: ChooseDependencies,
  pool: PoolState,
  classified: Classified,
  vms: readonly PoolVm[],
  describe: Describe,
  predicted: Predicted,
): Chosen | Refusal {
  const choices = describe((vm) => vm.heartbeat.running + vm.heartbeat.waiting);
  const ids = vms.map((vm) => vm.record.vmId);
  const order = sessionCandidates(choices, ids, classified.group.dispatch.candidates, pool.credit, deps.random);
  if (order.length === 0) return saturated(classified, vms.length);
  return {
    vms: order.map((i) => vms[i]!),
    predictedMs: predicted(choices, choices[order[0]!]!),
    bucket: null,
  };
}

/** The chosen VM and the next best with room, by delay. */
function withAlternates(vms: readonly PoolVm[], choices: readonly ChoiceVm[], chosen: number): PoolVm[] {
  const order = [chosen];
  while (order.length <= alternates) {
    let best = -1;
    let bestDelay = Infinity;
    for (let i = 0; i < choices.length; i++) {
      const choice = choices[i]!;
      if (order.includes(i) || choice.present >= choice.admissionLimit) continue;
      const delay = delayOf(choice);
      if (delay < bestDelay) {
        best = i;
        bestDelay = delay;
      }
    }
    if (best === -1) break;
    order.push(best);
  }
  return order.map((i) => vms[i]!);
}

/** VMs that this request may use; a refusal when the pool's VMs are all too slow for it. */
function eligibleVms(vms: readonly PoolVm[], request: PlacementRequest): PoolVm[] | Refusal {
  const { acceleration, exclude } = request;
  let eligible = vms as PoolVm[];
  if (acceleration !== undefined && vms.length > 0) {
    eligible = eligible.filter((vm) => vm.record.type.coreSpeed >= acceleration);
    if (eligible.length === 0) {
      const fastest = Math.max(...vms.map((vm) => vm.record.type.coreSpeed));
      return {
        refusal: 'too-slow',
        detail: `acceleration ${acceleration} asked, the fastest VM of the pool has ${fastest}; ask for at most that or leave acceleration out`,
        retryAfterMs: bootRetryMs,
      };
    }
  }
  if (exclude === undefined || exclude.length === 0) return eligible;
  return eligible.filter((vm) => !exclude.includes(vm.record.vmId));
}

/**
 * A principal that takes places without using them would keep others out. What it holds is at most what it was given within
 * the reservations' time to live, and at most what is unclaimed in the pool.
 */
function tooManyOutstanding(
  pool: PoolState,
  principal: string,
  vms: readonly PoolVm[],
  choices: readonly ChoiceVm[],
  nowMs: number,
): Refusal | null {
  const issued = issuedTo(pool, principal, nowMs);
  if (issued < outstandingFloor) return null;
  const places = choices.reduce((sum, choice) => sum + choice.admissionLimit, 0);
  const cap = Math.max(outstandingFloor, Math.floor(outstandingShare * places));
  if (issued < cap) return null;
  const open = vms.reduce((sum, vm) => sum + reservedPlaces(vm, nowMs), 0);
  if (open < cap) return null;
  return {
    refusal: 'too-many-outstanding',
    detail: `about ${Math.min(issued, open)} reservations are unused, at most ${cap} are allowed; use tickets within ${reservationTtlMs} ms of their issue`,
    retryAfterMs: reservationTtlMs,
  };
}

function noCapacity(classified: Classified, pool: PoolState): Refusal {
  const others = pool.view.unavailableCount();
  return {
    refusal: 'no-capacity',
    detail: `no VM of pool ${classified.poolId} takes work now (${others} starting, draining or silent); one is being started, retry after retryAfterMs or run it locally`,
    retryAfterMs: bootRetryMs,
  };
}

function saturated(classified: Classified, count: number): Refusal {
  return {
    refusal: 'saturated',
    detail: `all ${count} VMs of pool ${classified.poolId} are full; retry after retryAfterMs or run it locally`,
    retryAfterMs: fullRetryMs,
  };
}
