/**
 * Placement: classify, admit, choose the surrogate, sign the ticket.
 *
 * Refusals are values: a device that gave its own estimate is told `local` (200), any other gets 429 or 503 with
 * `retryAfterMs`. Nothing waits for a place to become free.
 */
import type { ChoiceVm } from '../domain/dispatch/choose-vm.ts';
import { defaultThreshold } from '../domain/dispatch/hand-off.ts';
import { sessionLifetimeS } from '../domain/dispatch/session-lifetime.ts';
import type { Clock } from '../ports/clock.ts';
import type { RuntimeId } from '../ports/contracts/config.ts';
import type { Problem } from '../ports/contracts/problem.ts';
import type { TicketClaims } from '../ports/contracts/ticket.ts';
import { type PlacementRequest, type PlacementResponse, paths } from '../ports/contracts/wire.ts';
import { StoreUnavailableError } from '../ports/errors.ts';
import type { StateStore } from '../ports/state-store.ts';
import type { TicketSigner } from '../ports/tickets.ts';
import type { Arrivals } from './arrivals.ts';
import { type Chosen, chooseSurrogates, type Refusal } from './choose-surrogates.ts';
import { type Classified, type ClassifierDependencies, classify } from './classify-request.ts';
import { createPoolState, type PoolState } from './pool-state.ts';
import { createPoolView } from './pool-view.ts';
import { problem } from './problem.ts';
import { createQuotas } from './quota.ts';
import { createReservations } from './reservations.ts';

/** Long-run response time of the pool as it stands, ms without the chosen VM's particulars; null when the model has no answer. */
export type ResponsePredictor = (
  pool: readonly ChoiceVm[],
  arrivalRatePerS: number,
  request: Classified,
) => number | null;

export type MissingRuntime = (runtime: RuntimeId) => { detail: string; retryAfterMs: number } | null;

export interface PlacementDependencies extends ClassifierDependencies {
  store: StateStore;
  signer: TicketSigner;
  clock: Clock;
  arrivals: Arrivals;
  /** Unpredictable, for ticket ids. */
  randomId: () => string;
  /** Uniform in [0, 1). */
  random: () => number;
  predict?: ResponsePredictor;
  /** Why no VM that could be rented here would run apps of this runtime; null: they would. */
  missingRuntime?: MissingRuntime;
  /** Length of the scaler's slots; absent: the fleet does not change. */
  slotMs?: number;
  /** Bound of a placement as a whole. */
  deadlineMs?: number;
}

export type PlaceOutcome = { ok: true; response: PlacementResponse } | { ok: false; problem: Problem };

export interface PlaceOptions {
  /** Given on a group's own route, where the classifier is skipped. */
  groupId?: string;
  /** The same request as before, whose VMs are gone: no new arrival, and nothing of the principal's quota. */
  again?: boolean;
}

export type Place = (principal: string, request: PlacementRequest, options?: PlaceOptions) => Promise<PlaceOutcome>;

const singleUseLifetimeS = 10;
const defaultDeadlineMs = 900;
const storeRetryMs = 500;

export function createPlacer(deps: PlacementDependencies): Place {
  const { clock, arrivals } = deps;
  const deadlineMs = deps.deadlineMs ?? defaultDeadlineMs;
  const slotS = (deps.slotMs ?? Number.POSITIVE_INFINITY) / 1000;
  const quotas = createQuotas();
  const reservations = createReservations(deps.store, clock);
  const pools = new Map<string, PoolState>();

  const poolOf = (poolId: string): PoolState => {
    let pool = pools.get(poolId);
    if (pool === undefined) {
      pool = createPoolState(createPoolView(poolId, deps));
      pools.set(poolId, pool);
    }
    return pool;
  };

  const place: Place = async (principal, request, { groupId, again = false } = {}) => {
    const startedMs = clock.monotonicMs();
    const classification = await classify(deps, request, groupId);
    if (!classification.ok) return classification;
    const classified = classification.value;
    const { app, group, poolId } = classified;
    const missing = deps.missingRuntime?.(app.manifest.runtime) ?? null;
    // Not an arrival: machines rented for it would stay idle.
    if (missing !== null) return refuse(request, { refusal: 'no-capacity', ...missing });
    const nowMs = clock.nowMs();
    if (!again) {
      const waitMs = quotas.take(principal, group.id, group.quotaPerPrincipalPerS, nowMs);
      if (waitMs > 0) return { ok: false, problem: overQuota(group.id, group.quotaPerPrincipalPerS, waitMs) };
      arrivals.arrived(poolId, nowMs);
    }
    const chosen = await chooseSurrogates(
      { ...deps, reservations },
      { pool: poolOf(poolId), principal, request, classified, endMs: startedMs + deadlineMs },
    );
    if ('refusal' in chosen) {
      arrivals.refused(poolId, nowMs);
      return refuse(request, chosen);
    }
    if (request.localEstimateMs !== undefined && chosen.predictedMs > request.localEstimateMs) {
      // Sent away because the pool breaks its promise: demand that the scaler must see, or it would shrink what is too small.
      if (chosen.predictedMs > classified.sla.targetMs) arrivals.refused(poolId, nowMs);
      return {
        ok: true,
        response: {
          decision: 'local',
          reason: 'slower-than-local',
          detail: `predicted ${Math.round(chosen.predictedMs)} ms, the device itself needs ${request.localEstimateMs} ms`,
          predictedMs: chosen.predictedMs,
          retryAfterMs: null,
        },
      };
    }
    const lifetimeS =
      group.dispatch.mode === 'session'
        ? sessionLifetimeS(group.dispatch.sessionLifetimeS, slotS, poolOf(poolId).view.startingCount())
        : singleUseLifetimeS;
    const ticket = await deps.signer.sign(claimsOf(deps, principal, classified, chosen, lifetimeS));
    return {
      ok: true,
      response: {
        decision: 'remote',
        ticket,
        mode: group.dispatch.mode,
        expiresInMs: lifetimeS * 1000,
        candidates: chosen.vms.map((vm) => vm.candidate),
        poolId,
        groupId: group.id,
        slaId: classified.sla.id,
        appDigest: classified.app.digest,
        groupRoute: paths.groupPlacements(group.id),
        predictedMs: chosen.predictedMs,
        placementMs: clock.monotonicMs() - startedMs,
      },
    };
  };

  return (principal, request, options) =>
    bounded(
      place(principal, request, options).catch((error: unknown): PlaceOutcome => {
        if (!(error instanceof StoreUnavailableError)) throw error;
        return unavailable(error.message);
      }),
      deadlineMs,
    );
}

function claimsOf(
  deps: PlacementDependencies,
  principal: string,
  { app, group, poolId }: Classified,
  chosen: Chosen,
  lifetimeS: number,
): TicketClaims {
  const issuedAtS = deps.clock.nowMs() / 1000;
  return {
    iss: deps.regionId,
    sub: principal,
    aud: chosen.vms.map((vm) => vm.record.vmId),
    jti: deps.randomId(),
    iat: Math.floor(issuedAtS),
    exp: Math.ceil(issuedAtS + lifetimeS),
    mode: group.dispatch.mode,
    pool: poolId,
    app: { id: app.id, digest: app.digest },
    vms: chosen.vms.map(({ record, heartbeat }) => ({
      id: record.vmId,
      nonce: heartbeat.bootNonce,
      url: heartbeat.url,
      certSha256: heartbeat.certSha256,
    })),
    ...(chosen.bucket === null ? {} : { bucket: chosen.bucket }),
    ...(group.dispatch.mode === 'session' ? { threshold: group.dispatch.threshold ?? defaultThreshold } : {}),
  };
}

/** A device that can run the task itself is told to; any other gets the refusal as an error. */
function refuse(request: PlacementRequest, { refusal, detail, retryAfterMs }: Refusal): PlaceOutcome {
  if (refusal === 'too-slow') return { ok: false, problem: problem('no-group-serves', detail) };
  if (refusal === 'too-many-outstanding')
    return { ok: false, problem: problem('quota-exceeded', detail, { retryAfterMs }) };
  if (request.localEstimateMs === undefined) return { ok: false, problem: problem(refusal, detail, { retryAfterMs }) };
  return { ok: true, response: { decision: 'local', reason: refusal, detail, predictedMs: null, retryAfterMs } };
}

function overQuota(groupId: string, ratePerS: number, waitMs: number): Problem {
  return problem(
    'quota-exceeded',
    `more than ${ratePerS} placements per second for VM-type group "${groupId}"; retry after retryAfterMs, or raise the group's quotaPerPrincipalPerS`,
    { retryAfterMs: Math.max(1, Math.ceil(waitMs)) },
  );
}

function unavailable(detail: string): PlaceOutcome {
  return {
    ok: false,
    problem: problem('store-unavailable', `${detail}; run the task locally or retry after retryAfterMs`, {
      retryAfterMs: storeRetryMs,
    }),
  };
}

/** Answers in time whatever the store does; a placement that comes later is dropped and its reservation expires. */
function bounded(outcome: Promise<PlaceOutcome>, deadlineMs: number): Promise<PlaceOutcome> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(unavailable(`no placement within ${deadlineMs} ms`)), deadlineMs);
    outcome.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
