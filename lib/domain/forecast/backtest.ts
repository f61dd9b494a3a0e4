import { createForecaster, forecast, update } from './forecaster.ts';
import { gridMean, interpolateGrid, pinballLoss } from './quantiles.ts';
import type { Trace } from './trace.ts';
import { type ForecastMethod, METHODS } from './types.ts';

/** Levels whose pinball losses are averaged. */
export const LOSS_LEVELS = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const;
/** Nominal levels whose coverage is checked: those a scaler would provision for, and the median. */
export const COVERAGE_LEVELS = [0.5, 0.75, 0.9, 0.95, 0.99] as const;

export interface MethodScore {
  method: ForecastMethod;
  /** Mean pinball loss over LOSS_LEVELS, requests per slot. */
  pinballLoss: number;
  /** Σ|actual - median| / Σ actual. */
  wapePct: number;
  /** (Σ mean forecast - Σ actual) / Σ actual. */
  biasPct: number;
  /** Share of slots at or under the forecast quantile, per level of COVERAGE_LEVELS. */
  coverage: number[];
}

export interface BacktestResult {
  slots: number;
  scored: number;
  warmUpSlots: number;
  methods: MethodScore[];
  /** The promises of `auto`, checked on this trace. */
  verdict: { beatsNaive: boolean; beatsSeasonalNaive: boolean; worstCoverageGapPoints: number };
}

/**
 * Rolling-origin backtest: every slot is forecast from the slots before it alone, then shown to the forecaster.
 *
 * @param warmUpSlots first slots that are learned but not scored; default one day, or a fifth of a short trace
 */
export function backtest(trace: Trace, options: { timeZone?: string; warmUpSlots?: number } = {}): BacktestResult {
  const perDay = Math.round(86_400 / trace.slotS);
  const warmUpSlots = options.warmUpSlots ?? Math.min(perDay, Math.floor(trace.slots.length / 5));
  let state = createForecaster({ slotS: trace.slotS, timeZone: options.timeZone ?? trace.timeZone });
  const names: ForecastMethod[] = ['auto', ...METHODS];
  const sums = names.map(() => ({ loss: 0, absolute: 0, mean: 0, covered: COVERAGE_LEVELS.map(() => 0) }));
  let scored = 0;
  let actualSum = 0;
  trace.slots.forEach((slot, i) => {
    if (i >= warmUpSlots && slot.count !== null && state.pending !== null) {
      // A gap moves the origin: bring the forecaster up to the slot before, without its count.
      while (state.nextSlotStartMs! < slot.slotStartMs - trace.slotS * 500) {
        state = update(state, { slotStartMs: state.nextSlotStartMs!, count: null });
      }
      const actual = slot.count;
      scored += 1;
      actualSum += actual;
      names.forEach((_name, k) => {
        const expert = k === 0 ? null : state.pending!.experts[k - 1]!;
        const at = (level: number) =>
          expert === null ? forecast(state, [level]).quantiles[0]! : interpolateGrid(expert.grid, level);
        const sum = sums[k]!;
        for (const level of LOSS_LEVELS) sum.loss += pinballLoss(level, at(level), actual) / LOSS_LEVELS.length;
        COVERAGE_LEVELS.forEach((level, j) => {
          if (actual <= at(level)) sum.covered[j]! += 1;
        });
        sum.absolute += Math.abs(actual - at(0.5));
        sum.mean += expert === null ? state.pending!.mean : gridMean(expert.grid);
      });
    }
    state = update(state, slot);
  });
  const methods = names.map((method, k) => ({
    method,
    pinballLoss: sums[k]!.loss / scored,
    wapePct: (100 * sums[k]!.absolute) / actualSum,
    biasPct: (100 * (sums[k]!.mean - actualSum)) / actualSum,
    coverage: sums[k]!.covered.map((c) => c / scored),
  }));
  return { slots: trace.slots.length, scored, warmUpSlots, methods, verdict: judge(methods) };
}

function judge(methods: readonly MethodScore[]): BacktestResult['verdict'] {
  const loss = (name: ForecastMethod) => methods.find((m) => m.method === name)!.pinballLoss;
  const gaps = COVERAGE_LEVELS.map((level, i) => Math.abs(methods[0]!.coverage[i]! - level));
  return {
    beatsNaive: loss('auto') < loss('naive'),
    beatsSeasonalNaive: loss('auto') < Math.min(loss('seasonal-naive'), loss('seasonal-naive-week')),
    worstCoverageGapPoints: 100 * Math.max(...gaps),
  };
}
