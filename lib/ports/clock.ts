/** Time is passed in, never read from the environment by domain or use cases. */
export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  nowMs(): number;
  /** Milliseconds on a monotonic clock, for durations. */
  monotonicMs(): number;
}
