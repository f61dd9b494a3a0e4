import { erlangC } from '../queueing/limited-sharing.ts';
import { loneRequestS } from './diagnosis.ts';
import { capacityPerS, coreRatePerS, type Instance, type InstanceOffer } from './instance.ts';
import { effectiveCapacityPerS, isLinear } from './linear.ts';
import { leastTotalRatePerS } from './pooled-bound.ts';

/** Σ worth_i x_i ≥ atLeast, which every fleet that keeps the promise satisfies; x_i VMs of offer i. */
export interface Cut {
  worth: number[];
  atLeast: number;
}

const stable = 1 + 1e-9;

/**
 * Linear conditions that a fleet must satisfy to keep the promise: the planner's lower bounds (docs/planner.md derives each).
 *
 * @param active indices of the offers in play
 * @param load heuristics ask for a heavier load than the real one (1) to get fleets with something to spare
 */
export function cutsFor(instance: Instance, active: readonly number[], load = 1): Cut[] {
  const { offers, sla, policy } = instance;
  const arrivalRatePerS = instance.arrivalRatePerS * load;
  const over = (worth: (offer: InstanceOffer, i: number) => number): number[] =>
    active.map((i) => worth(offers[i]!, i));
  if (isLinear(instance)) {
    return [
      {
        worth: over((o) => effectiveCapacityPerS(o.serviceRatePerS, o.networkS, sla.targetS)),
        atLeast: arrivalRatePerS,
      },
    ];
  }
  const cuts: Cut[] = [{ worth: over(capacityPerS), atLeast: arrivalRatePerS * stable }];
  const { floors, target } = floorsOf(instance, active);
  const tightened = load === 1 ? target : Math.min(...floors) + (target - Math.min(...floors)) / load;
  cuts.push(...shareCuts(instance, active, floors, tightened));
  if (sla.indicator !== 'mean') return cuts;
  const nearest = Math.min(...active.map((i) => offers[i]!.networkS));
  if (instance.serviceScv === 1) {
    const fastest = Math.max(...active.map((i) => coreRatePerS(offers[i]!)));
    const total = leastTotalRatePerS(sla.targetS - nearest, fastest, arrivalRatePerS);
    if (Number.isFinite(total)) cuts.push({ worth: over(capacityPerS), atLeast: total * (1 - 1e-7) });
  }
  if (policy === 'capacity' && instance.serviceScv === 1 && active.every((i) => offers[i]!.cores === 1)) {
    cuts.push(capacitySplitCut(instance, active, arrivalRatePerS, nearest));
  }
  if (policy === 'even' || policy === 'capacity' || policy === 'sqrt' || policy === 'round-robin') {
    cuts.push(...splitCuts(instance, active, arrivalRatePerS));
  }
  return cuts;
}

/**
 * The indicator's floor per offer: a lone request's mean time, or the chance that its service alone breaks a percentile target.
 * The fleet's average over where requests go must not exceed `target`.
 */
function floorsOf(instance: Instance, active: readonly number[]): { floors: number[]; target: number } {
  const { sla, offers, serviceScv } = instance;
  if (sla.indicator === 'mean') return { floors: active.map((i) => loneRequestS(instance, i)), target: sla.targetS };
  const floors = active.map((i) => {
    const room = sla.targetS - offers[i]!.networkS;
    if (room <= 0) return 1;
    return serviceScv === 1 ? Math.exp(-coreRatePerS(offers[i]!) * room) : 0;
  });
  return { floors, target: sla.indicator === 'p95' ? 0.05 : 0.01 };
}

/** Requests go where the floor is low only as far as capacity reaches there; even and capacity-based splits leave no choice at all. */
function shareCuts(instance: Instance, active: readonly number[], floors: readonly number[], target: number): Cut[] {
  if (floors.every((f) => f <= target)) return [];
  const capacity = active.map((i) => capacityPerS(instance.offers[i]!));
  switch (instance.policy) {
    case 'even':
    case 'round-robin':
      return [{ worth: floors.map((f) => target - f), atLeast: 0 }];
    case 'capacity':
      return [{ worth: floors.map((f, k) => instance.offers[active[k]!]!.serviceRatePerS * (target - f)), atLeast: 0 }];
    default:
      // For every a: λ(a - target) ≤ Σ λ_i (a - floor_i) ≤ Σ capacity_i (a - floor_i)+ x_i; it bends at the floors only.
      return thin([...new Set(floors.filter((f) => f > target))].sort((a, b) => a - b)).map((a) => ({
        worth: floors.map((f, k) => capacity[k]! * Math.max(0, a - f)),
        atLeast: (a - target) * instance.arrivalRatePerS,
      }));
  }
}

const thin = (sorted: number[]): number[] =>
  sorted.length <= 6 ? sorted : [0, 1, 2, 3, 4, 5].map((k) => sorted[Math.round((k * (sorted.length - 1)) / 5)]!);

/**
 * Capacity-based split with unequal network: C + w Σ μ_i n_i ≤ R (M - λ), w = 1 - λ/M. From M - λ ≥ C/(R - n_min) ≥ M/(μ_max (R - n_min))
 * follows w ≥ 1/(μ_max (R - n_min)), which makes it linear.
 */
function capacitySplitCut(
  instance: Instance,
  active: readonly number[],
  arrivalRatePerS: number,
  nearest: number,
): Cut {
  const { offers, sla } = instance;
  const fastest = Math.max(...active.map((i) => offers[i]!.serviceRatePerS));
  const w = Math.min(1, 1 / (fastest * (sla.targetS - nearest)));
  return {
    worth: active.map((i) => {
      const { serviceRatePerS, networkS } = offers[i]!;
      return serviceRatePerS * (sla.targetS - nearest - w * (networkS - nearest)) - 1;
    }),
    atLeast: arrivalRatePerS * (sla.targetS - nearest),
  };
}

/**
 * Any split into rates λ_i: Σ λ_i T_i(λ_i) ≤ R λ needs, for every a, Σ g_i(a) x_i ≥ (a - R) λ with g_i(a) = max_l l (a - T_i(l)),
 * by Lagrangian duality. For M/M/1, g = (√(aμ) - 1)². A few values of a, each best for one offer alone.
 */
function splitCuts(instance: Instance, active: readonly number[], arrivalRatePerS: number): Cut[] {
  const { offers, sla } = instance;
  const multipliers = active.flatMap((i) => {
    const room = sla.targetS - offers[i]!.networkS;
    const useful = room * capacityPerS(offers[i]!);
    return useful > 1 ? [offers[i]!.networkS + room * useful] : [];
  });
  const chosen = thin([...new Set(multipliers)].sort((a, b) => a - b));
  return chosen.map((a) => ({
    worth: active.map((i) => conjugate(instance, offers[i]!, a)),
    atLeast: (a - sla.targetS) * arrivalRatePerS,
  }));
}

function conjugate(instance: Instance, offer: InstanceOffer, a: number): number {
  const room = a - offer.networkS;
  if (room <= 0) return 0;
  const capacity = capacityPerS(offer);
  if (instance.serviceScv !== 1 || instance.policy === 'round-robin')
    return capacity * Math.max(0, room - 1 / coreRatePerS(offer));
  if (Math.min(offer.cores, offer.sharingLimit) === 1) return Math.max(0, Math.sqrt(room * capacity) - 1) ** 2;
  const servers = Math.min(offer.cores, offer.sharingLimit);
  const core = coreRatePerS(offer);
  const gain = (l: number) => l * (room - 1 / core - erlangC(servers, l / core) / (capacity - l));
  // Concave in l: golden section.
  let low = 0;
  let high = capacity * (1 - 1e-12);
  const golden = (Math.sqrt(5) - 1) / 2;
  for (let k = 0; k < 50; k++) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (gain(left) < gain(right)) low = left;
    else high = right;
  }
  return Math.max(0, gain((low + high) / 2)) * (1 + 1e-9);
}
