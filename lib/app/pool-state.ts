import type { ChoiceVm, DispatchCursor } from '../domain/dispatch/choose-vm.ts';
import { learnedDemandS, sharingLimitOf } from '../domain/dispatch/demand.ts';
import type { SessionCredit } from '../domain/dispatch/session-candidates.ts';
import { preparationPriorS } from '../domain/scaling/demand.ts';
import { reservationTtlMs } from '../ports/contracts/ticket.ts';
import type { Classified } from './classify-request.ts';
import type { PoolView, PoolVm } from './pool-view.ts';

/** What a controller remembers of a pool between placements. */
export interface PoolState {
  view: PoolView;
  cursor: DispatchCursor;
  credit: SessionCredit;
  demand: Map<string, { demandS: number; atMs: number }>;
  issued: IssuedByPrincipal;
}

export const createPoolState = (view: PoolView): PoolState => ({
  view,
  cursor: { turn: 0 },
  credit: new Map(),
  demand: new Map(),
  issued: { windowStartMs: 0, current: new Map(), previous: new Map() },
});

const demandMs = 250;

/** Learned service demand of the request's method on this pool, CPU seconds on the reference core. */
export function demandOf(
  pool: PoolState,
  request: Classified,
  method: string | undefined,
  vms: readonly PoolVm[],
  nowMs: number,
): number {
  const key = `${request.app.digest}/${method ?? ''}`;
  const known = pool.demand.get(key);
  if (known !== undefined && nowMs - known.atMs < demandMs) return known.demandS;
  const reports = vms.flatMap((vm) => vm.heartbeat.demandByApp[request.app.digest] ?? []);
  const demandS = learnedDemandS(priorDemandS(request, method), reports);
  pool.demand.set(key, { demandS, atMs: nowMs });
  return demandS;
}

/** What the manifest expects of the method (mean of all where none is named), and the runtime's preparation of a sandbox. */
function priorDemandS(request: Classified, method: string | undefined): number {
  const { manifest } = request.app;
  const methods = Object.values(manifest.methods);
  const named = method === undefined ? undefined : manifest.methods[method];
  const taskS = named?.demandS ?? methods.reduce((sum, m) => sum + m.demandS, 0) / methods.length;
  return taskS + preparationPriorS[manifest.runtime];
}

/** A VM in the terms of the dispatch functions. */
export function choiceOf(vm: PoolVm, request: Classified, demandS: number, present: number): ChoiceVm {
  const { record } = vm;
  // The record's N is what the agent enforces; the app's memory may allow fewer.
  const sharingLimit = Math.min(
    record.sharingLimit,
    sharingLimitOf(
      null,
      { cores: Infinity, memoryMiB: record.type.memoryMiB },
      request.app.manifest.requirements.memoryMiB,
    ),
  );
  const coreRatePerS = record.type.coreSpeed / demandS;
  return {
    present,
    admissionLimit: record.sharingLimit + record.queueLimit,
    coreRatePerS,
    parallelism: Math.min(record.type.cores, sharingLimit),
    serviceRatePerS: coreRatePerS * record.type.cores,
    networkS: record.networkMs / 1000,
  };
}

/** Reservations per principal in the present and the previous window of their time to live. */
interface IssuedByPrincipal {
  windowStartMs: number;
  current: Map<string, number>;
  previous: Map<string, number>;
}

/** Reservations that the principal got within their time to live; an upper bound, at most twice as long is counted. */
export function issuedTo(pool: PoolState, principal: string, nowMs: number): number {
  rotate(pool.issued, nowMs);
  return (pool.issued.current.get(principal) ?? 0) + (pool.issued.previous.get(principal) ?? 0);
}

/** @param change 1 when it gets a reservation, -1 when it did not after all */
export function noteIssued(pool: PoolState, principal: string, change: 1 | -1, nowMs: number): void {
  rotate(pool.issued, nowMs);
  pool.issued.current.set(principal, (pool.issued.current.get(principal) ?? 0) + change);
}

function rotate(issued: IssuedByPrincipal, nowMs: number): void {
  const age = nowMs - issued.windowStartMs;
  if (age < reservationTtlMs) return;
  issued.previous = age < 2 * reservationTtlMs ? issued.current : new Map();
  issued.current = new Map();
  issued.windowStartMs = nowMs;
}
