import { createForecaster, forecast, update } from '../../domain/forecast/forecaster.ts';
import type { ForecastState } from '../../domain/forecast/types.ts';
import { normal, Stream, UniformStream } from '../engine/rng.ts';
import type { Scenario } from './types.ts';

/** Tells the planner the arrival rate of a coming slot. */
export interface Predictor {
  /** Slot `k` is over and `count` requests came. Once per slot, in order. */
  observe(k: number, count: number): void;
  /**
   * The rate to plan slot `k` for, per second.
   *
   * @param partial what has come of slot k - 1 so far, when that is still running
   */
  predict(k: number, partial: { count: number; elapsedS: number } | null): number;
}

export class OraclePredictor implements Predictor {
  private readonly slots: Scenario['slots'];
  constructor(slots: Scenario['slots']) {
    this.slots = slots;
  }
  observe(): void {}
  predict(k: number): number {
    return this.slots[k]!.arrivalRatePerS;
  }
}

/** Start of the first slot unless the scenario says: a Monday. */
export const DEFAULT_START_MS = Date.UTC(2026, 0, 5);

/** A forecaster that has learned the scenario's history; its state is a value, so replications may share it. */
export function forecastAfterHistory(scenario: Scenario, slotS: number, seed: number): ForecastState | null {
  const method = scenario.forecast ?? 'auto';
  if (method === 'oracle') return null;
  let state = createForecaster({ slotS, method, ...(scenario.timeZone && { timeZone: scenario.timeZone }) });
  const history = scenario.history ?? [];
  const startMs = (scenario.startMs ?? DEFAULT_START_MS) - history.length * slotS * 1000;
  const random = new UniformStream(seed, 0, Stream.noise);
  history.forEach(({ arrivalRatePerS }, i) => {
    const count = poisson(random, arrivalRatePerS * slotS);
    state = update(state, { slotStartMs: startMs + i * slotS * 1000, count });
  });
  return state;
}

/** The product's forecast, told nothing but counts. */
export class ForecastPredictor implements Predictor {
  private state: ForecastState;
  private readonly slotS: number;
  private readonly startMs: number;
  private readonly quantile: number | undefined;
  private readonly firstRatePerS: number;

  constructor(state: ForecastState, scenario: Scenario, slotS: number) {
    this.state = state;
    this.slotS = slotS;
    this.startMs = scenario.startMs ?? DEFAULT_START_MS;
    this.quantile = scenario.quantile;
    this.firstRatePerS = scenario.slots[0]!.arrivalRatePerS;
  }

  observe(k: number, count: number): void {
    this.state = update(this.state, { slotStartMs: this.slotStartMs(k), count });
  }

  predict(k: number, partial: { count: number; elapsedS: number } | null): number {
    let { state } = this;
    if (partial !== null) {
      // Less than a third of a slot says more about chance than about the rate: then that slot is unknown.
      const known = partial.elapsedS >= this.slotS / 3;
      const count = known ? (partial.count * this.slotS) / partial.elapsedS : null;
      state = update(state, { slotStartMs: this.slotStartMs(k - 1), count });
    }
    // With no history at all somebody must say what the first slot needs; take its true rate, as an operator would guess.
    if (state.observed === 0) return this.firstRatePerS;
    const { mean, quantiles } = forecast(state, this.quantile === undefined ? [] : [this.quantile]);
    return Math.max(0, (quantiles[0] ?? mean) / this.slotS);
  }

  private slotStartMs(k: number): number {
    return this.startMs + k * this.slotS * 1000;
  }
}

/** A Poisson number: by multiplication when small, else a rounded normal (mean ≥ 50: within 1 % of its tail). */
export function poisson(random: UniformStream, mean: number): number {
  if (mean >= 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let count = -1;
  let product = 1;
  const limit = Math.exp(-mean);
  do {
    count++;
    product *= random.next();
  } while (product > limit);
  return count;
}
