import { catchUpRatePerS } from './catch-up.ts';

/** What the running slot has shown so far. */
export interface SlotSoFar {
  /** Requests since the slot began. */
  count: number;
  elapsedS: number;
  /** The rate that the running fleet was planned for. */
  plannedRatePerS: number;
  /** Requests at the VMs, running and waiting; the agreement's target. */
  present: number;
  targetS: number;
  /** Of the requests answered since the slot began; null when there are none. */
  meanResponseS: number | null;
}

/** Standard deviations of a Poisson count that are kept above it. */
const SIGMAS = 3;
/** Smaller gains are not worth a change of the fleet. */
const LEAST_GAIN = 0.03;
/** Times the arrivals that a slot is kept for which is late so far: beyond that a machine more makes answers hardly quicker. */
const LATE_HEADROOM = 1.2;

/**
 * Scale-in between slots. A fleet is planned for a high quantile of the forecast; once a part of the slot has passed, its own
 * arrivals say more than the forecast did, and what was held against surprise can go. Growth later in the slot is the
 * burst trigger's business.
 *
 * @returns the rate to plan the rest of the slot for, per second; null when the fleet is not clearly too large
 */
export function surplusRatePerS(soFar: SlotSoFar): number | null {
  const { count, elapsedS, plannedRatePerS, present, targetS, meanResponseS } = soFar;
  if (!(elapsedS > 0)) return null;
  const ratePerS = count / elapsedS;
  const atMostPerS = (count + SIGMAS * Math.sqrt(count) + SIGMAS) / elapsedS;
  // A slot that is late so far has to be quicker than its target from here on.
  const late = meanResponseS !== null && meanResponseS > targetS;
  const quickPerS = late ? LATE_HEADROOM * ratePerS : 0;
  // What has piled up is still to be worked off.
  const catchUpPerS = catchUpRatePerS({ present, arrivalRatePerS: ratePerS, targetS });
  const neededPerS = Math.max(atMostPerS, quickPerS) + catchUpPerS;
  return neededPerS < (1 - LEAST_GAIN) * plannedRatePerS ? neededPerS : null;
}
