import {
  availableOf,
  brokenLimits,
  type Counts,
  coreRatePerS,
  fleetPriceUsdPerHour,
  type Instance,
  round,
  vmCount,
} from './instance.ts';

/** Mean service times that a percentile of an exponential service takes; a lone request's floor. */
const floorFactor = { mean: 1, p95: Math.log(20), p99: Math.log(100) } as const;

/** The SLA's indicator for a lone request on one of these VMs: no fleet of them goes under it. Exact for exponential service. */
export function loneRequestS(instance: Instance, i: number): number {
  const offer = instance.offers[i]!;
  const factor = instance.serviceScv === 1 ? floorFactor[instance.sla.indicator] : 1;
  return offer.networkS + factor / coreRatePerS(offer);
}

/**
 * Why no fleet keeps the promise: which target, which offers, what would do.
 *
 * @param unlimited the cheapest fleet with the limits set aside, when there is one
 */
export function explainInfeasible(instance: Instance, unlimited: Counts | null): string {
  const { sla, offers, arrivalRatePerS } = instance;
  const promise = `${sla.indicator} ≤ ${sla.targetS} s at ${round(arrivalRatePerS)} requests/s`;
  const usable = offers.map((_, i) => i).filter((i) => availableOf(offers[i]!) > 0);
  if (usable.length === 0) {
    return `${promise}: no offer can be used within ${instance.horizonS} s (max 0, or a boot longer than the horizon); raise max or horizonS`;
  }
  const fastest = usable.reduce((a, b) => (loneRequestS(instance, b) < loneRequestS(instance, a) ? b : a));
  const floorS = loneRequestS(instance, fastest);
  if (floorS >= sla.targetS) {
    const offer = offers[fastest]!;
    const room = sla.targetS - offer.networkS;
    const faster =
      room > 0
        ? `a core faster than ${round((coreRatePerS(offer) * (floorS - offer.networkS)) / room)} requests/s (the best offer has ${round(coreRatePerS(offer))})`
        : `a data centre nearer than ${round(sla.targetS)} s`;
    return `${promise}: no number of VMs of any of the ${usable.length} offers meets it, for a lone request takes ${round(floorS)} s on the fastest, ${offer.id} (network ${offer.networkS} s + service on one core); what would do: a target above ${round(floorS)} s, or ${faster}`;
  }
  if (unlimited !== null) {
    const broken = brokenLimits(instance, unlimited);
    const needs = `${vmCount(unlimited)} VMs at $${round(fleetPriceUsdPerHour(instance, unlimited))}/h`;
    return `${promise}: no fleet within the limits; the cheapest without them takes ${needs} and breaks ${
      broken.join(' and ') || 'their combination'
    }; what would do: raise ${broken.length > 0 ? 'that limit' : 'one of them'}, or loosen the target`;
  }
  if (usable.some((i) => !Number.isFinite(availableOf(offers[i]!)))) {
    return `${promise}: no fleet of a size that can be rented meets it, for the target is only a hair above what a lone request takes (${round(floorS)} s on ${offers[fastest]!.id}); what would do: loosen the target, or a faster offer`;
  }
  const most = usable.map((i) => `${availableOf(offers[i]!)} x ${offers[i]!.id}`);
  const shown = most.length > 4 ? `${most.slice(0, 4).join(', ')} and ${most.length - 4} more` : most.join(', ');
  return `${promise}: all available VMs together (${shown}) do not carry it; what would do: raise max of an offer, add an offer, or loosen the target`;
}
