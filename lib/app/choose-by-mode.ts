import { type ChoiceVm, chooseVm, delayOf } from '../domain/dispatch/choose-vm.ts';
import { sessionCandidates } from '../domain/dispatch/session-candidates.ts';
import { reservationTtlMs } from '../ports/contracts/ticket.ts';
import { StoreUnavailableError } from '../ports/errors.ts';
import type { Asked, ChooseDependencies, Chosen, Refusal, Scene } from './choose-surrogates.ts';
import type { Classified } from './classify-request.ts';
import { issuedTo, noteIssued } from './pool-state.ts';
import { estimatedPresent, exactPresent, noteSent, type PoolVm, reservedPlaces } from './pool-view.ts';

/** Candidates beside the first where every request is placed; they hold no reservation. */
const alternates = 2;
/** Other VMs tried when the last place went to another controller. */
const reserveAttempts = 16;
/** Retry-After where all are full. */
const fullRetryMs = 200;
/** Share of a pool's places that one principal may hold without claiming them, and what it may hold in any case. */
const outstandingShare = 0.5;
const outstandingFloor = 8;

/**
 * On true occupancy, with a reservation.
 *
 * @param survey the pool as it is; asked again after each lost race
 */
export async function chooseExact(
  deps: ChooseDependencies,
  asked: Asked,
  survey: () => Promise<Scene | Refusal>,
): Promise<Chosen | Refusal> {
  const { pool, principal, request, classified, endMs } = asked;
  for (let attempt = 0; ; attempt++) {
    const scene = await survey();
    if ('refusal' in scene) return scene;
    // Reserving for somebody who was told 503 would only keep a place from others.
    if (deps.clock.monotonicMs() > endMs) throw new StoreUnavailableError('the store answered too late to reserve');
    const { vms } = scene;
    const nowMs = deps.clock.nowMs();
    const choices = scene.choices((vm) => exactPresent(vm, nowMs));
    const hogged = tooManyOutstanding(asked, vms, choices, nowMs);
    if (hogged !== null) return hogged;
    const i = chooseVm(classified.group.dispatch.policy, choices, pool.cursor, deps.random);
    if (i === -1 || attempt === reserveAttempts) return saturated(classified, vms.length);
    const first = choices[i]!;
    const predictedMs = scene.predictedMs(choices, first);
    // Slower than the device: nothing to reserve, the caller answers `local`.
    if (request.localEstimateMs !== undefined && predictedMs > request.localEstimateMs) {
      return { vms: [vms[i]!], predictedMs, bucket: null };
    }
    noteIssued(pool, principal, 1, nowMs);
    const reservation = await deps.reservations.reserve(pool.view, vms[i]!, first.admissionLimit);
    if (reservation.ok) return { vms: withAlternates(vms, choices, i), predictedMs, bucket: reservation.bucket };
    noteIssued(pool, principal, -1, nowMs);
  }
}

/** On the cached reports and what this controller has sent since; nothing is written. */
export function chooseSnapshot(deps: ChooseDependencies, asked: Asked, scene: Scene): Chosen | Refusal {
  const { pool, request, classified } = asked;
  const nowMs = deps.clock.nowMs();
  const choices = scene.choices((vm, rate) => estimatedPresent(vm, nowMs, rate));
  const i = chooseVm(classified.group.dispatch.policy, choices, pool.cursor, deps.random);
  if (i === -1) return saturated(classified, scene.vms.length);
  const predictedMs = scene.predictedMs(choices, choices[i]!);
  if (request.localEstimateMs === undefined || predictedMs <= request.localEstimateMs) {
    noteSent(scene.vms[i]!, nowMs, choices[i]!.serviceRatePerS);
  }
  return { vms: withAlternates(scene.vms, choices, i), predictedMs, bucket: null };
}

/** k candidates for many requests; the agents balance among them by hand-off. */
export function chooseSession(deps: ChooseDependencies, asked: Asked, scene: Scene): Chosen | Refusal {
  const { pool, classified } = asked;
  const choices = scene.choices((vm) => vm.heartbeat.running + vm.heartbeat.waiting);
  const ids = scene.vms.map((vm) => vm.record.vmId);
  const order = sessionCandidates(choices, ids, classified.group.dispatch.candidates, pool.credit, deps.random);
  if (order.length === 0) return saturated(classified, scene.vms.length);
  const predictedMs = scene.predictedMs(choices, choices[order[0]!]!);
  return { vms: order.map((i) => scene.vms[i]!), predictedMs, bucket: null };
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

/**
 * A principal that takes places without using them would keep others out. What it holds is at most what it was given within
 * the reservations' time to live, and at most what is unclaimed in the pool.
 */
function tooManyOutstanding(
  { pool, principal }: Asked,
  vms: readonly PoolVm[],
  choices: readonly ChoiceVm[],
  nowMs: number,
): Refusal | null {
  const issued = issuedTo(pool, principal, nowMs);
  if (issued < outstandingFloor) return null;
  const places = choices.reduce((sum, choice) => sum + choice.admissionLimit, 0);
  const cap = Math.max(outstandingFloor, Math.floor(outstandingShare * places));
  if (issued < cap) return null;
  const open = vms.reduce((sum, vm) => sum + reservedPlaces(vm, nowMs) + vm.pendingReservations, 0);
  if (open < cap) return null;
  return {
    refusal: 'too-many-outstanding',
    detail: `about ${Math.min(issued, open)} reservations are unused, at most ${cap} are allowed; use tickets within ${reservationTtlMs} ms of their issue`,
    retryAfterMs: reservationTtlMs,
  };
}

function saturated(classified: Classified, count: number): Refusal {
  return {
    refusal: 'saturated',
    detail: `all ${count} VMs of pool ${classified.poolId} are full; retry after retryAfterMs or run it locally`,
    retryAfterMs: fullRetryMs,
  };
}
