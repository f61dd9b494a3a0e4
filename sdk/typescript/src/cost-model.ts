/**
 * What one device learns of itself and of the surrogates over all methods, so that a call whose own history is short is
 * judged by what the others taught. The common measure is the CPU time that surrogates report:
 *
 *     local  = slowdown * cpu                slowdown: this device's time over the CPU time of the same call
 *     server = overhead + stretch * cpu      stretch: running over CPU time on the VMs in use; overhead: queue and hand-over
 *
 * Each ratio is one of decaying sums, so that long calls, which the clock tells more exactly, weigh more.
 */
import { DurationEstimator, ewmaWeight } from './estimators.ts';

/** Mean error of a prediction, as a share of it, before any was seen to fail or hold. */
const firstErrors = { local: 0.3, remote: 0.5 } as const;
const errorWeight = 0.1;

/** Below this CPU time a measurement is mostly the clock's and the caller's own. */
const leastCpuMs = 0.2;

class Ratio {
  #over = 0;
  #under = 0;

  add(over: number, under: number): void {
    this.#over += ewmaWeight * (over - this.#over);
    this.#under += ewmaWeight * (under - this.#under);
  }

  get value(): number | null {
    return this.#under > 0 ? this.#over / this.#under : null;
  }
}

/** How far predictions were off lately, as a share (at most 1) of the greater of predicted and actual time. */
class PredictionError {
  #offMs: number | null = null;
  #ofMs = 0;
  readonly #first: number;

  constructor(first: number) {
    this.#first = first;
  }

  add(predictedMs: number, actualMs: number): void {
    const ofMs = Math.max(predictedMs, actualMs);
    const offMs = Math.abs(actualMs - predictedMs);
    if (this.#offMs === null) {
      this.#ofMs = ofMs;
      this.#offMs = this.#first * ofMs;
    }
    this.#offMs += errorWeight * (offMs - this.#offMs);
    this.#ofMs += errorWeight * (ofMs - this.#ofMs);
  }

  get value(): number {
    return this.#offMs === null ? this.#first : this.#offMs / this.#ofMs;
  }
}

export class CostModel {
  readonly #localError = new PredictionError(firstErrors.local);
  readonly #remoteError = new PredictionError(firstErrors.remote);
  readonly #slowdown = new Ratio();
  readonly #stretch = new Ratio();
  readonly #overhead = new DurationEstimator();
  #meanCpuMs: number | null = null;
  #localAtMs: number | null = null;
  #remoteAtMs: number | null = null;

  /** @param cpuMs CPU time of the same call as surrogates report it; null: never reported */
  ranLocally(localMs: number, cpuMs: number | null, nowMs: number): void {
    if (cpuMs === null || cpuMs < leastCpuMs) return;
    this.#slowdown.add(localMs, cpuMs);
    this.#localAtMs = nowMs;
  }

  ranRemotely(timings: { totalMs: number; cloudMs: number; cpuMs: number }, nowMs: number): void {
    const { totalMs, cloudMs, cpuMs } = timings;
    this.#overhead.add(Math.max(0, totalMs - cloudMs), nowMs);
    this.#remoteAtMs = nowMs;
    this.#meanCpuMs = this.#meanCpuMs === null ? cpuMs : this.#meanCpuMs + ewmaWeight * (cpuMs - this.#meanCpuMs);
    if (cpuMs >= leastCpuMs) this.#stretch.add(cloudMs, cpuMs);
  }

  /** Time of so much CPU here; null: this device never ran what a surrogate ran. */
  localMs(cpuMs: number): number | null {
    const slowdown = this.#slowdown.value;
    return slowdown === null ? null : slowdown * cpuMs;
  }

  /** Time of so much CPU on a surrogate, its queue included; null: never seen one. */
  serverMs(cpuMs: number): number | null {
    const stretch = this.#stretch.value;
    return stretch === null ? null : (this.#overhead.meanMs ?? 0) + stretch * cpuMs;
  }

  /** CPU time of a call that took so long here. */
  cpuMs(localMs: number): number | null {
    const slowdown = this.#slowdown.value;
    return slowdown === null || slowdown <= 0 ? null : localMs / slowdown;
  }

  /** Recent mean over all methods: the guess for one of which nothing is known. */
  get meanCpuMs(): number | null {
    return this.#meanCpuMs;
  }

  /** Enters how a run on that side compared with what was expected of it. */
  predicted(where: 'local' | 'remote', predictedMs: number, actualMs: number): void {
    if (predictedMs <= 0 || actualMs <= 0) return;
    (where === 'local' ? this.#localError : this.#remoteError).add(predictedMs, actualMs);
  }

  get localError(): number {
    return this.#localError.value;
  }

  get remoteError(): number {
    return this.#remoteError.value;
  }

  /** Since the last run here, and remotely, that taught something; null: none. */
  ages(nowMs: number): { localMs: number | null; remoteMs: number | null } {
    const age = (atMs: number | null) => (atMs === null ? null : nowMs - atMs);
    return { localMs: age(this.#localAtMs), remoteMs: age(this.#remoteAtMs) };
  }
}
