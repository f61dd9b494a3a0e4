import { catchUpRatePerS } from './catch-up.ts';

/** What the burst trigger looks at between two slots, for one pool. */
export interface BurstSignals {
  /** Requests per second over the last few seconds... */
  arrivalRatePerS: number;
  /** ...and how many seconds those were; 0 when they began before the slot that was planned for, and tell nothing of its plan. */
  windowS: number;
  /** Since the last look alone: noisier, but a burst that has just begun shows here first. */
  latestRatePerS: number;
  /** The rate that the running fleet was planned for. */
  plannedRatePerS: number;
  /** Requests refused since the last look (saturated or without a VM). */
  refused: number;
  /** Requests at the VMs, running and waiting. */
  present: number;
  /** Waiting beyond N over all VMs, now and at the last look. */
  waiting: number;
  waitingBefore: number;
  /** Σ N over the ready VMs. */
  places: number;
  /** The agreement's target. */
  targetS: number;
}

export interface BurstDecision {
  burst: boolean;
  /** Rate to plan for when it is one... */
  arrivalRatePerS: number;
  /** ...and what working off the backlog needs besides; where no fleet can do both, the arrivals come first. */
  catchUpPerS: number;
  why: string;
}

/** A short window overestimates as often as it underestimates; a burst that is rising is still rising while machines boot. */
const headroom = 1.2;
/** Standard deviations of a Poisson count: chance alone exceeds them less than once in a day of looks. */
const sigmas = 4;
/** Times the requests that a pool holds when it keeps its target (λR, Little's law), and a few more for small pools. */
const farTooMany = 3;
const few = 4;

/**
 * Whether demand has left the forecast behind. Scale-out only: what is surplus is judged over a minute and more (surplus.ts).
 * (Knative's panic mode compares a 6 s window with 200 % of the target; here more than the plan is enough once it cannot be chance,
 * for the planner knows what the rate needs: where the fleet suffices, nothing is launched.)
 */
export function detectBurst(signals: BurstSignals): BurstDecision {
  const { refused, present, waiting, waitingBefore, places, plannedRatePerS, targetS } = signals;
  const seenPerS = signals.arrivalRatePerS;
  const risingPerS = Math.max(seenPerS, signals.latestRatePerS) * headroom;
  const arrivalRatePerS = Math.max(plannedRatePerS, risingPerS);
  const wholePerS = risingPerS + catchUpRatePerS({ present, arrivalRatePerS: seenPerS, targetS });
  const catchUpPerS = Math.max(0, wholePerS - arrivalRatePerS);
  const burst = (why: string): BurstDecision => ({ burst: true, arrivalRatePerS, catchUpPerS, why });
  if (refused > 0) return burst(`${refused} requests refused since the last look`);
  if (waiting > Math.max(1, places / 2) && waiting >= waitingBefore) {
    return burst(`${waiting} waiting for ${places} places and not falling`);
  }
  const count = seenPerS * signals.windowS;
  const beyondChance = count - sigmas * Math.sqrt(count) > plannedRatePerS * signals.windowS;
  if (beyondChance || (seenPerS > 2 * plannedRatePerS && seenPerS > 1 && waiting > 0)) {
    return burst(`${seenPerS.toFixed(1)}/s seen where ${plannedRatePerS.toFixed(1)}/s was planned`);
  }
  if (present > farTooMany * seenPerS * targetS + few && wholePerS > plannedRatePerS) {
    return burst(`${present} requests present where the target allows for ${(seenPerS * targetS).toFixed(1)}`);
  }
  return { burst: false, arrivalRatePerS: plannedRatePerS, catchUpPerS: 0, why: 'within plan' };
}
