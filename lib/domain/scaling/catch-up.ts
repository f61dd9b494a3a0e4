/** What tells of work that has piled up, for one pool. */
export interface Backlog {
  /** Requests at the machines now, running and waiting. */
  present: number;
  arrivalRatePerS: number;
  /** The agreement's target. */
  targetS: number;
}

/** A backlog is to be gone within about a boot: then few machines more are needed, and each for a minute or two. */
const CATCH_UP_S = 30;

/**
 * By Little's law a pool that keeps a mean response time R holds λR requests; what it holds beyond that piled up while it was too
 * small. A fleet for the arrivals alone would need the rest of the slot to work it off, every request in it late.
 *
 * @returns the rate to plan for besides the arrivals, per second, until the backlog is gone
 */
export const catchUpRatePerS = ({ present, arrivalRatePerS, targetS }: Backlog): number =>
  Math.max(0, present - arrivalRatePerS * targetS) / CATCH_UP_S;
