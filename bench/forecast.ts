import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backtest } from '../lib/domain/forecast/backtest.ts';
import { createForecaster, forecast, update } from '../lib/domain/forecast/forecaster.ts';
import { parseTrace, type Trace } from '../lib/domain/forecast/trace.ts';
import type { ForecastState } from '../lib/domain/forecast/types.ts';
import { syntheticTraces } from '../test/support/synthetic-traces.ts';

export interface BenchRow {
  name: string;
  value: string;
  bar: string;
}

const WEEK_S = 7 * 86_400;

/**
 * The real traces of at least a week, or seeded stand-ins of the same kinds when there are none.
 *
 * @param folder CSV files as `oaas forecast` reads them
 */
export function backtestTraces(folder: string): { source: string; traces: { name: string; trace: Trace }[] } {
  const real = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => /_\d+min\.csv$/.test(file))
        .sort()
        .map((file) => ({
          name: file.replace('.csv', ''),
          trace: parseTrace(readFileSync(join(folder, file), 'utf8')),
        }))
        .filter(({ trace }) => trace.slots.length * trace.slotS >= WEEK_S)
    : [];
  if (real.length > 0) return { source: `real traces in ${folder}`, traces: real };
  return { source: `synthetic traces (no data in ${folder})`, traces: syntheticTraces() };
}

/** Accuracy on every trace, cost of one update and forecast, and size of the state. */
export function benchForecast(folder = '../shared/data/traces'): BenchRow[] {
  const { source, traces } = backtestTraces(folder);
  const rows: BenchRow[] = [{ name: 'forecast: data', value: source, bar: '' }];
  for (const { name, trace } of traces) {
    const { methods, verdict } = backtest(trace);
    const loss = (method: string) => methods.find((m) => m.method === method)!.pinballLoss;
    const ratio = (method: string) => (loss('auto') / loss(method)).toFixed(3);
    rows.push(
      {
        name: `forecast: ${name}: pinball loss / naive, / seasonal-naive (day, week)`,
        value: `${ratio('naive')}, ${ratio('seasonal-naive')}, ${ratio('seasonal-naive-week')}`,
        bar: '< 1',
      },
      {
        name: `forecast: ${name}: worst coverage gap, points`,
        value: verdict.worstCoverageGapPoints.toFixed(2),
        bar: '<= 3',
      },
    );
  }
  return [...rows, ...costRows(traces[0]!.trace)];
}

function costRows(trace: Trace): BenchRow[] {
  const times: number[] = [];
  let state: ForecastState = createForecaster({ slotS: trace.slotS, timeZone: 'America/New_York' });
  for (const slot of trace.slots) {
    const start = performance.now();
    state = update(state, slot);
    forecast(state, [0.5, 0.9, 0.99]);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * times.length)]!.toFixed(3);
  return [
    { name: 'forecast: one update and forecast, ms (median, p99)', value: `${at(0.5)}, ${at(0.99)}`, bar: '<= 1' },
    {
      name: `forecast: state after ${trace.slots.length} slots of ${trace.slotS} s, bytes`,
      value: String(JSON.stringify(state).length),
      bar: '<= 100000',
    },
  ];
}
