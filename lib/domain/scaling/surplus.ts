/** What the running slot has shown so far. */
export interface SlotSoFar {
  /** Requests since the slot began. */
  count: number;
  elapsedS: number;
  /** The rate that the running fleet was planned for. */
  plannedRatePerS: number;
}

/** Standard deviations of a Poisson count that are kept above it. */
const SIGMAS = 3;
/** Smaller gains are not worth a change of the fleet. */
const LEAST_GAIN = 0.03;

/**
 * Scale-in between slots. A fleet is planned for a high quantile of the forecast; once a part of the slot has passed, its own
 * arrivals say more than the forecast did, and what was held against surprise can go. Growth later in the slot is the
 * burst trigger's business.
 *
 * @returns the rate to plan the rest of the slot for, per second; null when the fleet is not clearly too large
 */
export function surplusRatePerS({ count, elapsedS, plannedRatePerS }: SlotSoFar): number | null {
  if (!(elapsedS > 0)) return null;
  const atMostPerS = (count + SIGMAS * Math.sqrt(count) + SIGMAS) / elapsedS;
  return atMostPerS < (1 - LEAST_GAIN) * plannedRatePerS ? atMostPerS : null;
}
