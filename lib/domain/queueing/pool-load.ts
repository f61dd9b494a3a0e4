import type { ArrivalRates } from './birth-death.ts';

/** What one VM of a group looks like under the pool's policy, in the long run. */
export interface GroupLoad {
  /** Requests per second that one VM receives. */
  arrivalRatePerS: number;
  /** Mean time in the VM for its requests, network excluded, seconds. */
  sojournS: number;
  /** Part of `sojournS` spent outside the sharing limit, seconds. */
  waitingS: number;
  /** Part of `waitingS` that is the same for every request, seconds: the wait at a VM that always holds a long queue. 0 if absent. */
  standingS?: number;
  /** Mean time its requests spent between VMs before arriving (session handoffs), seconds. */
  handoffS: number;
  /** Arrival rate the VM sees by number present: what percentiles are computed from. */
  rates: ArrivalRates;
}

/** A pool under a policy. */
export interface PoolLoad {
  /** One per station, same order. */
  groups: GroupLoad[];
  method: 'exact' | 'approximation';
  /** Bound on the error of the mean response time, percent; a function, for the planner never asks. */
  errorBoundPct: () => number;
  /**
   * Share of the waiting that comes from chance, not from a dispatcher that prefers a fast VM's queue to a slow VM; 1 if
   * absent.
   */
  chanceWaitingShare?: number;
  /** Where service is not exponential: its SCV, and the groups as they would be if it were. */
  exponential?: { serviceScv: number; groups: readonly GroupLoad[] };
}
