import { erlangC } from '../queueing/limited-sharing.ts';
import { loneRequestS } from './diagnosis.ts';
import { capacityPerS, coreRatePerS, type Instance, type InstanceOffer } from './instance.ts';
import { effectiveCapacityPerS, isLinear } from './linear.ts';
import { leastTotalRatePerS } from './pooled-bound.ts';
import { highestSessionUtilization } from './queue-model.ts';

/** Σ worth_i x_i ≥ atLeast, which every fleet that keeps the promise satisfies; x_i VMs of offer i. */
export interface Cut {
  worth: number[];
  atLeast: number;
}

const stable = 1 + 1e-9;

/** The cuts under `load` times the real load; heuristics ask for more than 1 to get fleets with something to spare. */
export type CutsAt = (load: number) => Cut[];

/**
 * Linear conditions that a fleet must satisfy to keep the promise: the planner's lower bounds (docs/planner.md derives each).
 *
 * @param active indices of the offers in play
 */
export function cutsFor(instance: Instance, active: readonly number[]): CutsAt {
  const { offers, sla, policy } = instance;
  const over = (worth: (offer: InstanceOffer, i: number) => number): number[] =>
    active.map((i) => worth(offers[i]!, i));
  if (isLinear(instance)) {
    const worth = over((o) => effectiveCapacityPerS(o.serviceRatePerS, o.networkS, sla.targetS));
    return (load) => [{ worth, atLeast: instance.arrivalRatePerS * load }];
  }
  const capacity = over(capacityPerS);
  const full = policy === 'session' ? 1 / highestSessionUtilization : stable;
  const { floors, target } = floorsOf(instance, active);
  const least = Math.min(...floors);
  const mean = sla.indicator === 'mean';
  const exponentialMean = mean && instance.serviceScv === 1;
  const nearest = Math.min(...active.map((i) => offers[i]!.networkS));
  const fastest = Math.max(...active.map((i) => coreRatePerS(offers[i]!)));
  const oneCore = active.every((i) => offers[i]!.cores === 1);
  const isSplit = policy === 'even' || policy === 'capacity' || policy === 'sqrt' || policy === 'round-robin';
  const split = mean && isSplit ? splitCuts(instance, active) : [];
  return (load) => {
    const arrivalRatePerS = instance.arrivalRatePerS * load;
    const cuts: Cut[] = [{ worth: capacity, atLeast: arrivalRatePerS * full }];
    cuts.push(...shareCuts(instance, active, floors, load === 1 ? target : least + (target - least) / load));
    if (exponentialMean) {
      const total = leastTotalRatePerS(sla.targetS - nearest, fastest, arrivalRatePerS);
      if (Number.isFinite(total)) cuts.push({ worth: capacity, atLeast: total * (1 - 1e-7) });
    }
    if (exponentialMean && policy === 'capacity' && oneCore) {
      cuts.push(capacitySplitCut(instance, active, arrivalRatePerS, nearest));
    }
    cuts.push(...split.map(({ worth, atLeast }) => ({ worth, atLeast: atLeast * load })));
    return cuts;
  };
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

/**
 * Join-the-shortest-queue fills the fast VMs up to level a before it uses a VM whose lone request takes a. So either the VMs below the level carry
 * (nearly) the whole load, or they stand at level a and every request takes about a: with a above the target that only passes if there
 * are very many of them, each holding a part of a request less than the level (docs/planner.md, "Levels").
 *
 * @returns pairs of which every fleet that keeps the promise satisfies at least one each
 */
export function levelAlternatives(instance: Instance, active: readonly number[]): [carried: Cut[], crowd: Cut[]][] {
  const { offers, sla, policy, arrivalRatePerS, snapshotAgeS, serviceScv } = instance;
  if (policy !== 'jsq' || sla.indicator !== 'mean' || snapshotAgeS > 0 || serviceScv !== 1) return [];
  const floors = active.map((i) => loneRequestS(instance, i));
  const nearest = Math.min(...active.map((i) => offers[i]!.networkS));
  const slowestNetwork = Math.max(...active.map((i) => offers[i]!.networkS * coreRatePerS(offers[i]!)));
  const levels = thin(
    [...new Set(floors.filter((f) => f > sla.targetS))].sort((a, b) => a - b),
    mostLevels,
  );
  return levels.flatMap((level): [Cut[], Cut[]][] => {
    const held = arrivalRatePerS * (level - sla.targetS);
    // Short of the level by at most (1 - δ)/δ requests on average when the load exceeds the capacity below it by a share δ.
    const delta = 1 / Math.sqrt(held);
    if (!(delta <= 0.3)) return [];
    const below = (worth: (i: number) => number) => active.map((i, k) => (floors[k]! < level ? worth(i) : 0));
    const atLevel = (i: number) =>
      Math.max(0, Math.ceil(capacityPerS(offers[i]!) * (level - offers[i]!.networkS) - 1 - 1e-9));
    const spare = (networkS: number, i: number) => capacityPerS(offers[i]!) * (level - networkS) - atLevel(i);
    const carried = { worth: below((i) => capacityPerS(offers[i]!)), atLeast: arrivalRatePerS * (1 - delta) };
    const crowd = [{ worth: below((i) => spare(nearest, i)), atLeast: held * (1 - delta) }];
    const ownNetwork = held * (1 - delta * (1 + slowestNetwork));
    if (ownNetwork > 0) crowd.push({ worth: below((i) => spare(offers[i]!.networkS, i)), atLeast: ownNetwork });
    return [[[carried], crowd]];
  });
}

/** The cuts, and for join-the-shortest-queue a fleet whose fast VMs carry all of the load: fleets that the model should accept. */
export function cautiousCuts(instance: Instance, active: readonly number[], cutsAt: CutsAt): CutsAt {
  if (instance.policy !== 'jsq' && instance.policy !== 'session') return cutsAt;
  const fast = active.map((i) => loneRequestS(instance, i) < instance.sla.targetS);
  if (!fast.includes(true) || !fast.includes(false)) return cutsAt;
  const worth = active.map((i, k) => (fast[k] ? capacityPerS(instance.offers[i]!) : 0));
  return (load) => [...cutsAt(load), { worth, atLeast: instance.arrivalRatePerS * load }];
}

const mostLevels = 100;

/** At most `most` of sorted values, evenly picked, the first and the last among them. */
const thin = (sorted: number[], most = 6): number[] =>
  sorted.length <= most
    ? sorted
    : Array.from({ length: most }, (_, k) => sorted[Math.round((k * (sorted.length - 1)) / (most - 1))]!);

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
 * by Lagrangian duality. A few values of a, each the best one for some offer alone.
 */
function splitCuts(instance: Instance, active: readonly number[]): Cut[] {
  const { offers, sla, arrivalRatePerS } = instance;
  const sojourn = active.map((i) => sojournOf(instance, offers[i]!));
  const multipliers = active.flatMap((i, k) => {
    const a = multiplierAlone(sojourn[k]!, capacityPerS(offers[i]!), sla.targetS - offers[i]!.networkS);
    return a === null ? [] : [offers[i]!.networkS + a];
  });
  const chosen = thin([...new Set(multipliers)].sort((x, y) => x - y));
  return chosen.map((a) => ({
    worth: active.map((i, k) => conjugate(sojourn[k]!, capacityPerS(offers[i]!), a - offers[i]!.networkS)),
    atLeast: (a - sla.targetS) * arrivalRatePerS,
  }));
}

/** Least mean time in one VM that receives `l` requests per second on its own, seconds. */
type Sojourn = (l: number) => number;

function sojournOf(instance: Instance, offer: InstanceOffer): Sojourn {
  const core = coreRatePerS(offer);
  const capacity = capacityPerS(offer);
  if (instance.serviceScv !== 1) return () => 1 / core;
  if (instance.policy === 'round-robin') return (l) => Math.max(1 / core, evenlySpacedS(l, capacity));
  const servers = Math.min(offer.cores, offer.sharingLimit);
  if (servers === 1) return (l) => 1 / (capacity - l);
  return (l) => 1 / core + erlangC(servers, l / core) / (capacity - l);
}

/** D/M/1: T = 1/(μ(1-σ)), σ = exp(-(1-σ) μ/l). No arrival process of this rate does better, so no cyclic dispatch either. */
function evenlySpacedS(l: number, serviceRatePerS: number): number {
  if (l <= 0) return 1 / serviceRatePerS;
  const x = serviceRatePerS / l;
  // From below the iteration rises to the root in (0, 1); a few Newton steps finish it.
  let sigma = Math.exp(-x);
  for (let i = 0; i < 30; i++) {
    const f = sigma - Math.exp(-(1 - sigma) * x);
    const slope = 1 - x * Math.exp(-(1 - sigma) * x);
    const next = slope > 0 ? sigma - f / slope : Math.exp(-(1 - sigma) * x);
    if (Math.abs(next - sigma) < 1e-13) break;
    sigma = Math.min(next, 1 - 1e-13);
  }
  return 1 / (serviceRatePerS * (1 - sigma));
}

/** d(l T(l))/dl where T(l) meets the target: the price of a request on a fleet of this offer alone. */
function multiplierAlone(sojourn: Sojourn, capacity: number, targetS: number): number | null {
  if (sojourn(capacity * 1e-9) >= targetS) return null;
  let low = 0;
  let high = capacity * (1 - 1e-9);
  for (let k = 0; k < 40; k++) {
    const middle = (low + high) / 2;
    if (sojourn(middle) > targetS) high = middle;
    else low = middle;
  }
  const step = low * 1e-5;
  return (low * sojourn(low) - (low - step) * sojourn(low - step)) / step;
}

/** max_l l (room - T(l)), by golden section (l T(l) is convex), rounded up a hair to stay valid. */
function conjugate(sojourn: Sojourn, capacity: number, room: number): number {
  if (room <= 0) return 0;
  const gain = (l: number) => l * (room - sojourn(l));
  let low = 0;
  let high = capacity * (1 - 1e-12);
  const golden = (Math.sqrt(5) - 1) / 2;
  let left = high - golden * (high - low);
  let right = low + golden * (high - low);
  let atLeft = gain(left);
  let atRight = gain(right);
  for (let k = 0; k < 40; k++) {
    if (atLeft < atRight) {
      low = left;
      left = right;
      atLeft = atRight;
      right = low + golden * (high - low);
      atRight = gain(right);
    } else {
      high = right;
      right = left;
      atRight = atLeft;
      left = high - golden * (high - low);
      atLeft = gain(left);
    }
  }
  return Math.max(0, atLeft, atRight) * (1 + 1e-7);
}
