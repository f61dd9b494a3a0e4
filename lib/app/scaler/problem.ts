import { defaultThreshold } from '../../domain/dispatch/hand-off.ts';
import type { CurrentVms, PlanMethod, Offer as PlanOffer, PlanProblem } from '../../domain/planner/types.ts';
import type { Policy } from '../../domain/queueing/types.ts';
import { offerIdOf } from '../../domain/scaling/offer-id.ts';
import { isSetAside, type SetAside } from '../../domain/scaling/set-aside.ts';
import { sharingLimitOf } from '../../domain/scaling/sharing-limit.ts';
import type { Offer } from '../../ports/compute-provider.ts';
import type { VmTypeGroup } from '../../ports/contracts/config.ts';
import type { VmRecord } from '../../ports/vm.ts';
import { countByOffer } from './fleet.ts';
import type { Pool } from './pools.ts';

/** Starts from stopped run out of capacity apart from launches; key of the set-aside list. */
export const startKey = (offerId: string): string => `start ${offerId}`;

/** Time for a session ticket's task to pass from one agent to the next, both in the same region. */
const handoffS = 0.002;

/** The response-time model's name for how a pool dispatches. */
function policyOf(group: VmTypeGroup): Policy {
  const { mode, policy } = group.dispatch;
  if (policy !== 'jsq') return policy;
  return mode === 'session' ? 'session' : 'jsq';
}

function planMethodOf(pool: Pool): PlanMethod {
  const { planner } = pool.sla;
  return planner === 'threshold' || planner === 'static' ? 'exact' : planner;
}

export interface ProblemInput {
  pool: Pool;
  /** Of the pool, see `poolOffers`. */
  offers: readonly Offer[];
  serving: readonly VmRecord[];
  /** Of the pool, in the warm pool. */
  stopped: readonly VmRecord[];
  demandS: number;
  arrivalRatePerS: number;
  limits: { maxVms: number; maxUsdPerHour: number };
  /** How many more machines may exist at once, old ones not yet gone included; null: plan as if they were gone. */
  room: ((priceUsdPerHour: number) => number) | null;
  setAside: SetAside;
  /** Data centres in which nothing can be launched or started now. */
  unknown: ReadonlySet<string>;
  nowMs: number;
  billing: 'per-second' | 'hourly';
  horizonS: number;
  overheadMs: number;
}

/** The pool's state and agreement in the planner's terms. Offers without capacity stay in only as far as they are rented already. */
export function planProblem(input: ProblemInput): PlanProblem {
  const { pool, serving } = input;
  const counts = countByOffer(serving);
  const known = new Map(input.offers.map((offer) => [offer.id, offer]));
  // A machine whose type was withdrawn still serves until something replaces it.
  for (const vm of serving) if (!known.has(offerIdOf(vm))) known.set(offerIdOf(vm), offerOfVm(vm));
  const listed = new Set(input.offers.map((offer) => offer.id));
  const startable = new Map<string, number>();
  for (const vm of input.stopped) {
    const id = offerIdOf(vm);
    if (!listed.has(id) || input.unknown.has(vm.dataCentre) || isSetAside(input.setAside, startKey(id), input.nowMs))
      continue;
    startable.set(id, (startable.get(id) ?? 0) + 1);
  }
  const offers = [...known.values()].map((offer): PlanOffer => {
    const have = counts.get(offer.id);
    const owned = (have?.running ?? 0) + (have?.booting ?? 0);
    const closed =
      !listed.has(offer.id) || input.unknown.has(offer.dataCentre) || isSetAside(input.setAside, offer.id, input.nowMs);
    const stopped = startable.get(offer.id) ?? 0;
    const room = input.room?.(offer.priceUsdPerHour) ?? Number.POSITIVE_INFINITY;
    return {
      id: offer.id,
      serviceRatePerS: (offer.type.cores * offer.type.coreSpeed) / input.demandS,
      cores: offer.type.cores,
      sharingLimit: sharingLimitOf(offer.type, pool.appMemoryMiB, pool.group.sharingLimit),
      priceUsdPerHour: offer.priceUsdPerHour,
      networkS: (offer.networkMs + input.overheadMs) / 1000,
      purchaseOption: offer.purchaseOption,
      bootS: offer.bootS,
      startS: offer.startS ?? 0,
      // Launch before drain: what is replaced still counts against the caps while its successor boots.
      ...(closed ? { max: owned + Math.min(stopped, room) } : input.room ? { max: owned + room } : {}),
    };
  });
  const { dispatch } = pool.group;
  return {
    arrivalRatePerS: input.arrivalRatePerS,
    sla: { indicator: pool.sla.indicator, targetS: pool.sla.targetMs / 1000 },
    policy: policyOf(pool.group),
    method: planMethodOf(pool),
    offers,
    current: [...counts]
      .flatMap<CurrentVms>(([offer, { running, booting }]) => [
        ...(running > 0 ? [{ offer, state: 'running' as const, count: running }] : []),
        ...(booting > 0 ? [{ offer, state: 'booting' as const, count: booting }] : []),
      ])
      .concat([...startable].map(([offer, count]) => ({ offer, state: 'stopped' as const, count }))),
    billing: input.billing,
    horizonS: input.horizonS,
    limits: {
      maxVms: input.limits.maxVms,
      maxUsdPerHour: input.limits.maxUsdPerHour,
      minVms: pool.minVms,
      maxSpotShare: pool.group.maxSpotShare,
    },
    session: {
      candidates: dispatch.candidates,
      threshold: dispatch.threshold ?? defaultThreshold,
      handoffS,
    },
    snapshotAgeS: dispatch.mode === 'snapshot' ? dispatch.snapshotRefreshMs / 1000 : 0,
  };
}

function offerOfVm(vm: VmRecord): Offer {
  const { type, dataCentre, purchaseOption, priceUsdPerHour, networkMs } = vm;
  return { id: offerIdOf(vm), type, dataCentre, purchaseOption, priceUsdPerHour, networkMs, bootS: 0 };
}
