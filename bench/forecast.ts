import { type BacktestResult, backtest } from '../lib/domain/forecast/backtest.ts';
import { createForecaster, forecast, update } from '../lib/domain/forecast/forecaster.ts';
import type { Trace } from '../lib/domain/forecast/trace.ts';
import type { ForecastState } from '../lib/domain/forecast/types.ts';
import { backtestTraces } from '../lib/experiments/traces.ts';
import type { BenchOptions, BenchRow } from './row.ts';

/** Accuracy on every trace, cost of one update and forecast, and size of the state. */
export async function bench({ quick, onProgress }: BenchOptions): Promise<BenchRow[]> {
  const { source, traces } = backtestTraces(process.env.OAAS_TRACES ?? '../shared/data/traces');
  onProgress?.(source);
  const chosen = quick ? traces.slice(0, 1) : traces;
  const rows = chosen.flatMap(({ name, trace }) => accuracyRows(name, backtest(trace), source));
  return [...rows, ...costRows(traces[0]!.trace)];
}

function accuracyRows(name: string, { methods, verdict }: BacktestResult, source: string): BenchRow[] {
  const loss = (method: string) => methods.find((m) => m.method === method)!.pinballLoss;
  const seasonal = Math.min(loss('seasonal-naive'), loss('seasonal-naive-week'));
  return [
    {
      name: `${name}: pinball loss / naive's`,
      value: loss('auto') / loss('naive'),
      unit: '',
      bar: { atMost: 0.999 },
      note: `${(loss('auto') / seasonal).toFixed(3)} of the better seasonal-naive's (day, week); ${source}`,
    },
    {
      name: `${name}: worst gap of coverage from nominal`,
      value: verdict.worstCoverageGapPoints,
      unit: 'points',
      bar: { atMost: 3 },
      note: `WAPE ${methods[0]!.wapePct.toFixed(1)} %, bias ${methods[0]!.biasPct.toFixed(1)} %`,
    },
  ];
}

function costRows(trace: Trace): BenchRow[] {
  const times: number[] = [];
  let state: ForecastState = createForecaster(trace);
  // Twice: the first pass lets the compiler settle, as it has in a scaler that lives for more than a minute.
  for (let pass = 0; pass < 2; pass++) {
    state = createForecaster({ slotS: trace.slotS, timeZone: 'America/New_York' });
    times.length = 0;
    for (const slot of trace.slots) {
      const start = performance.now();
      state = update(state, slot);
      forecast(state, [0.5, 0.9, 0.99]);
      times.push(performance.now() - start);
    }
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * times.length)]!;
  return [
    {
      name: 'one update and forecast, median',
      value: at(0.5),
      unit: 'ms',
      bar: { atMost: 1 },
      note: `p99 ${at(0.99).toFixed(2)} ms`,
    },
    {
      name: 'state of a pool after the trace',
      value: JSON.stringify(state).length / 1000,
      unit: 'kB',
      bar: { atMost: 100 },
      note: `${trace.slots.length} slots of ${trace.slotS} s; the largest, 5-minute slots or shorter, is in the tests`,
    },
  ];
}
