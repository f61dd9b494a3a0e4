/** What the burst trigger looks at between two slots, for one pool. */
export interface BurstSignals {
  /** Requests per second over the last few seconds. */
  arrivalRatePerS: number;
  /** Since the last look alone: noisier, but a burst that has just begun shows here first. */
  latestRatePerS: number;
  /** The rate that the running fleet was planned for. */
  plannedRatePerS: number;
  /** Requests refused since the last look (saturated or without a VM). */
  refused: number;
  /** Waiting beyond N over all VMs, now and at the last look. */
  waiting: number;
  waitingBefore: number;
  /** Σ N over the ready VMs. */
  places: number;
}

export interface BurstDecision {
  burst: boolean;
  /** Rate to plan for when it is one. */
  arrivalRatePerS: number;
  why: string;
}

/** A short window overestimates as often as it underestimates; a burst that is rising is still rising while machines boot. */
const headroom = 1.2;

/**
 * Whether demand has left the forecast behind. Scale-out only: what is surplus is judged over a minute and more (surplus.ts).
 * (Knative's panic mode compares a 6 s window with 200 % of the target; here the queue itself is the sign.)
 */
export function detectBurst(signals: BurstSignals): BurstDecision {
  const { refused, waiting, waitingBefore, places, plannedRatePerS } = signals;
  const rate = Math.max(plannedRatePerS, Math.max(signals.arrivalRatePerS, signals.latestRatePerS) * headroom);
  const no = (why: string): BurstDecision => ({ burst: false, arrivalRatePerS: plannedRatePerS, why });
  if (refused > 0)
    return { burst: true, arrivalRatePerS: rate, why: `${refused} requests refused since the last look` };
  if (waiting > Math.max(1, places / 2) && waiting >= waitingBefore) {
    return { burst: true, arrivalRatePerS: rate, why: `${waiting} waiting for ${places} places and not falling` };
  }
  if (signals.arrivalRatePerS > 2 * plannedRatePerS && signals.arrivalRatePerS > 1 && waiting > 0) {
    const seen = signals.arrivalRatePerS.toFixed(1);
    return {
      burst: true,
      arrivalRatePerS: rate,
      why: `${seen}/s seen where ${plannedRatePerS.toFixed(1)}/s was planned`,
    };
  }
  return no('within plan');
}
