import type { Offer } from '../domain/planner/types.ts';
import { bohmerDay } from './bohmer.ts';

/**
 * The OaaS paper does not say how many requests its Böhmer day has. Two of its own numbers do, and they agree:
 *
 * - Experiment 4: five static VMs of 10/s, each with a queue of its own, answer in about 0.9 s at 6 pm, the peak. For M/M/1
 *   1 / (10 - λ/5) = 0.9 gives λ = 5 (10 - 1/0.9) = 44.4/s.
 * - Experiment 1: five VMs of 10/s at midnight, where the curve is at 56.3 % of its peak. With the target of about 0.2 s of
 *   experiment 4, five VMs carry Σ (μ - 1/R) = 5 (10 - 5) = 25/s and four carry 20/s, so the peak lies between 35.5 and 44.4/s.
 */
export const PEAK_PER_S = 5 * (10 - 1 / 0.9);
export const SCALE_NOTE =
  'The paper does not give its request rate. It is recovered from its own numbers: 0.9 s at 6 pm on five VMs of 10/s gives a peak of 44.4/s, and five VMs at midnight under 0.2 s need a peak between 35.5 and 44.4/s.';

export const SLOT_S = 600;
export const paperDay = (peakPerS: number): { arrivalRatePerS: number }[] =>
  bohmerDay(peakPerS, SLOT_S).map((arrivalRatePerS) => ({ arrivalRatePerS }));

/** The papers' VMs: one core, no network time, N as in Figure 3. */
export function paperOffer(id: string, serviceRatePerS: number, priceUsdPerHour: number, sharingLimit = 2): Offer {
  return { id, serviceRatePerS, cores: 1, sharingLimit, priceUsdPerHour, networkS: 0 };
}

export const hourOf = (startS: number): number => (startS % 86_400) / 3600;
