/** Plain running mean for the first samples, then exponential with this weight for the newest. */
export const ewmaWeight = 0.2;
const windowSize = 32;

/** Recent mean and 95th percentile of a duration; forgets, so that it follows a device that heats up or a link that changes. */
export class DurationEstimator {
  samples = 0;
  #meanMs = 0;
  readonly #window: number[] = [];
  #lastAtMs: number | null = null;

  /** @param nowMs monotonic time of the measurement */
  add(durationMs: number, nowMs: number): void {
    this.samples += 1;
    this.#meanMs += Math.max(1 / this.samples, ewmaWeight) * (durationMs - this.#meanMs);
    this.#window[(this.samples - 1) % windowSize] = durationMs;
    this.#lastAtMs = nowMs;
  }

  get meanMs(): number | null {
    return this.samples === 0 ? null : this.#meanMs;
  }

  /** Nearest rank over the last 32 samples; null below 8, where it would only be the maximum. */
  get p95Ms(): number | null {
    if (this.#window.length < 8) return null;
    const sorted = [...this.#window].sort((a, b) => a - b);
    return sorted[Math.ceil(0.95 * sorted.length) - 1]!;
  }

  ageMs(nowMs: number): number | null {
    return this.#lastAtMs === null ? null : nowMs - this.#lastAtMs;
  }
}

/** Transfers smaller than this say nothing about bandwidth. */
const bandwidthSampleBytes = 16_384;

/** Round trip and bandwidth of a link, from the transfers that happen anyway. */
export class LinkEstimator {
  readonly #rtt = new DurationEstimator();
  #bytesPerMs: number | null = null;

  /**
   * @param t2Ms device to surrogate and back, without what the surrogate did
   * @param bytes sent and received
   */
  add(t2Ms: number, bytes: number, nowMs: number): void {
    if (bytes < bandwidthSampleBytes) {
      this.#rtt.add(t2Ms, nowMs);
      return;
    }
    const transferMs = t2Ms - (this.#rtt.meanMs ?? 0);
    // On a fast link the transfer drowns in the round trip's own variation: then it is as good as free.
    if (transferMs < 0.1) return;
    const sample = bytes / transferMs;
    this.#bytesPerMs = this.#bytesPerMs === null ? sample : this.#bytesPerMs + ewmaWeight * (sample - this.#bytesPerMs);
  }

  get rttMs(): number | null {
    return this.#rtt.meanMs;
  }

  get bytesPerMs(): number | null {
    return this.#bytesPerMs;
  }
}
