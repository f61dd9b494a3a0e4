import type { Policy, SessionParameters } from '../queueing/types.ts';
import type { Offer, PlanProblem, SlaTarget } from './types.ts';

/** VMs of one offer that cost the same new money; listed cheapest first, those to keep before those to start or launch. */
export interface Tier {
  action: 'keep' | 'start' | 'launch';
  /** New money over the horizon for one VM. */
  costUsd: number;
  /** The same, a hair (2e-8) less for what runs and what is stopped: of equally cheap fleets the one that changes least. */
  rankUsd: number;
  max: number;
  /** Rental that is already paid, seconds; 0 for anything that does not run yet. */
  remainingRentalS: number;
}

export interface InstanceOffer extends Required<Offer> {
  tiers: Tier[];
  /** Running and booting VMs. */
  running: number;
}

/** A problem with every default filled in and the rental of each VM turned into money. */
export interface Instance {
  arrivalRatePerS: number;
  sla: SlaTarget;
  policy: Policy;
  offers: InstanceOffer[];
  billing: 'per-second' | 'hourly';
  horizonS: number;
  limits: { maxVms: number; maxUsdPerHour: number; minVms: number; maxSpotShare: number };
  session: SessionParameters;
  snapshotAgeS: number;
  serviceScv: number;
  notes: string[];
}

/** How many VMs of each offer, in the order of the offers. */
export type Counts = readonly number[];

const defaultSession: SessionParameters = { candidates: 5, threshold: 2, handoffS: 0.001 };

/** No pool has more VMs: a target that takes more is a hair above what a lone request takes. */
const mostVms = 100_000;

/** @param policy the policy to plan for; the problem's own may be `auto` */
export function toInstance(problem: PlanProblem, policy: Policy): Instance {
  const billing = problem.billing ?? 'per-second';
  const horizonS = problem.horizonS ?? 600;
  const notes: string[] = [];
  const offers = problem.offers.map((offer): InstanceOffer => {
    const full = {
      ...offer,
      max: offer.max ?? Number.POSITIVE_INFINITY,
      purchaseOption: offer.purchaseOption ?? ('on-demand' as const),
      bootS: offer.bootS ?? 0,
      startS: offer.startS ?? 0,
    };
    const current = (problem.current ?? []).filter((c) => c.offer === offer.id);
    const canLaunch = full.bootS < horizonS;
    if (!canLaunch) {
      notes.push(
        `${offer.id} is not launched: it boots in ${full.bootS} s, which is no help within the horizon of ${horizonS} s`,
      );
    }
    const cost = (paidS: number) => newMoneyUsd(offer.priceUsdPerHour, paidS, billing, horizonS);
    const running = current.filter((c) => c.state !== 'stopped' && c.count > 0);
    const tiers: Tier[] = running
      .map((c): Tier => {
        const remainingRentalS = c.remainingRentalS ?? 0;
        const costUsd = cost(billing === 'hourly' ? remainingRentalS : 0);
        return { action: 'keep', costUsd, rankUsd: costUsd * (1 - 2e-8), max: c.count, remainingRentalS };
      })
      .sort((a, b) => b.remainingRentalS - a.remainingRentalS);
    for (const c of current) {
      if (c.state === 'stopped' && c.count > 0 && full.startS < horizonS) {
        tiers.push({
          action: 'start',
          costUsd: cost(0),
          rankUsd: cost(0) * (1 - 1e-8),
          max: c.count,
          remainingRentalS: 0,
        });
      }
    }
    if (canLaunch) {
      const costUsd = cost(0);
      tiers.push({ action: 'launch', costUsd, rankUsd: costUsd, max: Number.POSITIVE_INFINITY, remainingRentalS: 0 });
    }
    return { ...full, tiers: truncate(tiers, full.max), running: running.reduce((sum, c) => sum + c.count, 0) };
  });
  const limits = problem.limits ?? {};
  return {
    arrivalRatePerS: problem.arrivalRatePerS,
    sla: problem.sla,
    policy,
    offers,
    billing,
    horizonS,
    limits: {
      maxVms: Math.min(limits.maxVms ?? mostVms, mostVms),
      maxUsdPerHour: limits.maxUsdPerHour ?? Number.POSITIVE_INFINITY,
      minVms: limits.minVms ?? 0,
      maxSpotShare: limits.maxSpotShare ?? 1,
    },
    session: problem.session ?? defaultSession,
    snapshotAgeS: problem.snapshotAgeS ?? 0,
    serviceScv: problem.serviceScv ?? 1,
    notes,
  };
}

/**
 * New money spent over the horizon on one VM whose rental is paid for the next `paidS` seconds. Per second: every second counts.
 * Hourly: each started hour counts in full, the next one starts when the paid one ends.
 */
export function newMoneyUsd(
  priceUsdPerHour: number,
  paidS: number,
  billing: 'per-second' | 'hourly',
  horizonS: number,
): number {
  if (billing === 'per-second') return (priceUsdPerHour * horizonS) / 3600;
  return priceUsdPerHour * Math.max(0, Math.ceil((horizonS - paidS) / 3600));
}

function truncate(tiers: Tier[], max: number): Tier[] {
  let left = max;
  const kept: Tier[] = [];
  for (const tier of tiers) {
    const take = Math.min(tier.max, left);
    if (take <= 0) break;
    kept.push({ ...tier, max: take });
    left -= take;
  }
  return kept;
}

/** Most VMs of the offer that a fleet can have: `max`, or less where nothing can be launched in time. */
export const availableOf = (offer: InstanceOffer): number => offer.tiers.reduce((sum, tier) => sum + tier.max, 0);

/** New money over the horizon for `count` VMs of the offer, taking the cheapest tiers first. */
export function offerCostUsd(offer: InstanceOffer, count: number, of: 'costUsd' | 'rankUsd' = 'costUsd'): number {
  let left = count;
  let cost = 0;
  for (const tier of offer.tiers) {
    if (left <= 0) break;
    const take = Math.min(left, tier.max);
    cost += take * tier[of];
    left -= take;
  }
  return left > 0 ? Number.POSITIVE_INFINITY : cost;
}

export const fleetCostUsd = (instance: Instance, counts: Counts): number =>
  counts.reduce((sum, count, i) => (count > 0 ? sum + offerCostUsd(instance.offers[i]!, count) : sum), 0);

/** What fleets are compared by. */
export const fleetRankUsd = (instance: Instance, counts: Counts): number =>
  counts.reduce((sum, count, i) => (count > 0 ? sum + offerCostUsd(instance.offers[i]!, count, 'rankUsd') : sum), 0);

export const fleetPriceUsdPerHour = (instance: Instance, counts: Counts): number =>
  counts.reduce((sum, count, i) => sum + count * instance.offers[i]!.priceUsdPerHour, 0);

export const vmCount = (counts: Counts): number => counts.reduce((sum, count) => sum + count, 0);

/** Requests per second of one VM with as many cores busy as its sharing limit lets. */
export const capacityPerS = (offer: Offer): number =>
  (offer.serviceRatePerS / offer.cores) * Math.min(offer.cores, offer.sharingLimit);

export const coreRatePerS = (offer: Offer): number => offer.serviceRatePerS / offer.cores;

/** Share of the fleet's serving rate that is spot. */
function spotShare(instance: Instance, counts: Counts): number {
  let spot = 0;
  let total = 0;
  counts.forEach((count, i) => {
    const offer = instance.offers[i]!;
    total += count * offer.serviceRatePerS;
    if (offer.purchaseOption === 'spot') spot += count * offer.serviceRatePerS;
  });
  return total > 0 ? spot / total : 0;
}

/** Which limits a fleet breaks, in words; empty when none. */
export function brokenLimits(instance: Instance, counts: Counts): string[] {
  const { maxVms, maxUsdPerHour, minVms, maxSpotShare } = instance.limits;
  const vms = vmCount(counts);
  const price = fleetPriceUsdPerHour(instance, counts);
  const share = spotShare(instance, counts);
  const broken: string[] = [];
  if (vms > maxVms) broken.push(`limits.maxVms ${maxVms} < ${vms} VMs`);
  if (vms < minVms) broken.push(`limits.minVms ${minVms} > ${vms} VMs`);
  if (price > maxUsdPerHour * (1 + 1e-9)) broken.push(`limits.maxUsdPerHour ${maxUsdPerHour} < ${round(price)}`);
  if (share > maxSpotShare + 1e-9) broken.push(`limits.maxSpotShare ${maxSpotShare} < ${round(share)}`);
  return broken;
}

/** Four significant digits for messages. */
export const round = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(4)) : value);
