import { type Counts, type Instance, type InstanceOffer, round } from './instance.ts';
import type { PlanAction } from './types.ts';

/** What has to happen to turn the current VMs into the fleet, and why, offer by offer. */
export function actionsFor(instance: Instance, counts: Counts): PlanAction[] {
  const keep: PlanAction[] = [];
  const add: PlanAction[] = [];
  const drain: PlanAction[] = [];
  instance.offers.forEach((offer, i) => {
    let left = counts[i]!;
    let kept = 0;
    for (const tier of offer.tiers) {
      const count = Math.min(left, tier.max);
      if (count === 0) continue;
      left -= count;
      if (tier.action === 'keep') kept += count;
      const list = tier.action === 'keep' ? keep : add;
      const why = whyOf(instance, offer, tier);
      const last = list.at(-1);
      if (last?.offer === offer.id && last.do === tier.action && last.why === why) last.count += count;
      else list.push({ do: tier.action, offer: offer.id, count, why });
    }
    const surplus = offer.running - kept;
    if (surplus > 0) drain.push({ do: 'drain', offer: offer.id, count: surplus, why: whyDrain(instance, offer) });
  });
  return [...keep, ...add, ...drain];
}

function whyOf(instance: Instance, offer: InstanceOffer, tier: InstanceOffer['tiers'][number]): string {
  const usd = `$${round(tier.costUsd)} over ${instance.horizonS} s`;
  if (tier.action === 'keep') {
    if (tier.costUsd === 0 && offer.priceUsdPerHour > 0) {
      return `already paid for another ${tier.remainingRentalS} s, so it costs nothing new`;
    }
    return `still part of the fleet that keeps ${target(instance)}: ${usd}, no boot`;
  }
  const rate = `${round(offer.serviceRatePerS)} requests/s at $${round(offer.priceUsdPerHour)}/h`;
  if (tier.action === 'start') {
    const after = offer.startS > 0 ? `, ready after ${offer.startS} s` : '';
    return `stopped and initialised, ready sooner than a launch: ${rate}, ${usd}${after}`;
  }
  return `needed for ${target(instance)}: ${rate}, ${usd}${offer.bootS > 0 ? `, ready after ${offer.bootS} s` : ''}`;
}

function whyDrain(instance: Instance, offer: InstanceOffer): string {
  return `${target(instance)} holds without it; saves $${round(offer.priceUsdPerHour)}/h each${
    instance.billing === 'hourly' ? ' once its paid hour ends; the shortest remaining rental goes first' : ''
  }`;
}

const target = ({ sla, arrivalRatePerS }: Instance): string =>
  `${sla.indicator} ≤ ${sla.targetS} s at ${round(arrivalRatePerS)} requests/s`;
