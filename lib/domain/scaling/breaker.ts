/**
 * Circuit breaker of a group's launches. A bad image would otherwise launch for ever: every machine starts, none registers.
 * Closed → open when half of the last four launches failed → after `coolMs` one launch may try → closed again if it worked.
 */
export interface Breaker {
  /** Outcomes of the last four launches, oldest first. */
  recent: boolean[];
  openUntilMs: number;
  lastFailureMs: number;
}

export const closedBreaker: Breaker = { recent: [], openUntilMs: 0, lastFailureMs: 0 };

const windowSize = 4;
const failuresToOpen = 2;

export function recordLaunch(breaker: Breaker, worked: boolean, nowMs: number, coolMs: number): Breaker {
  const recent = [...breaker.recent, worked].slice(-windowSize);
  const failures = recent.filter((ok) => !ok).length;
  const trips = !worked && failures >= failuresToOpen;
  return {
    recent: worked && breaker.openUntilMs > 0 ? [true] : recent,
    openUntilMs: trips ? nowMs + coolMs : worked ? 0 : breaker.openUntilMs,
    lastFailureMs: worked ? breaker.lastFailureMs : nowMs,
  };
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** `half-open`: the time is over, one launch may show whether the fault is gone. */
export function breakerState(breaker: Breaker, nowMs: number): BreakerState {
  if (breaker.openUntilMs === 0) return 'closed';
  return nowMs < breaker.openUntilMs ? 'open' : 'half-open';
}
