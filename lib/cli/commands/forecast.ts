import { type Command, Option } from 'commander';
import { type BacktestResult, backtest, COVERAGE_LEVELS } from '../../domain/forecast/backtest.ts';
import { createForecaster, forecast, update } from '../../domain/forecast/forecaster.ts';
import { parseTrace, type Trace, TraceError } from '../../domain/forecast/trace.ts';
import { type ForecastMethod, METHODS } from '../../domain/forecast/types.ts';
import { badInput } from '../errors.ts';
import { readSource, table, writeJson, writeLine } from '../io.ts';

interface ForecastOptions {
  file?: string;
  backtest?: boolean;
  json?: boolean;
  timeZone?: string;
  quantiles: number[];
  method: ForecastMethod;
}

export function register(program: Command): void {
  program
    .command('forecast')
    .description("forecast a pool's next slot from its slot counts, or backtest the methods on them")
    .option('--file <csv>', 'trace with timestamp and count columns (default: standard input)')
    .option('--backtest', 'score every method on the trace, each slot forecast from the slots before it')
    .option('--time-zone <zone>', "whose wall clock the season follows (default: the trace's own)")
    .option('--quantiles <levels>', 'levels to forecast, comma separated', parseLevels, [0.5, 0.9, 0.95, 0.99])
    .addOption(new Option('--method <name>', 'forecasting method').choices(['auto', ...METHODS]).default('auto'))
    .option('--json', 'machine-readable output')
    .action(async (options: ForecastOptions) => {
      const trace = await readTrace(options);
      if (options.backtest) report(backtest(trace, zone(options, trace)), options);
      else next(trace, options);
    });
}

async function readTrace(options: ForecastOptions): Promise<Trace> {
  const text = await readSource(options.file);
  try {
    return parseTrace(text);
  } catch (error) {
    if (error instanceof TraceError) throw badInput(`${options.file ?? 'standard input'}: ${error.message}`, error);
    throw error;
  }
}

function zone(options: ForecastOptions, trace: Trace): { timeZone: string } {
  const timeZone = options.timeZone ?? trace.timeZone;
  try {
    createForecaster({ slotS: trace.slotS, timeZone });
  } catch (error) {
    throw badInput(`--time-zone: ${(error as Error).message}`, error);
  }
  return { timeZone };
}

function next(trace: Trace, options: ForecastOptions): void {
  const config = { slotS: trace.slotS, method: options.method, ...zone(options, trace) };
  const state = trace.slots.reduce(update, createForecaster(config));
  const answer = forecast(state, options.quantiles);
  const perS = (count: number) => count / trace.slotS;
  const result = {
    slotStart: answer.slotStartMs === null ? null : new Date(answer.slotStartMs).toISOString(),
    slotS: trace.slotS,
    method: options.method,
    timeZone: config.timeZone,
    mean: { count: answer.mean, arrivalRatePerS: perS(answer.mean) },
    quantiles: options.quantiles.map((level, i) => {
      const count = answer.quantiles[i]!;
      return { level, count, arrivalRatePerS: perS(count) };
    }),
  };
  if (options.json) {
    writeJson(result);
    return;
  }
  writeLine(`Slot from ${result.slotStart}, ${trace.slotS} s, by ${options.method}:`);
  const row = (name: string, v: { count: number; arrivalRatePerS: number }) => [
    name,
    v.count.toFixed(1),
    v.arrivalRatePerS.toPrecision(4),
  ];
  const rows = [row('mean', result.mean), ...result.quantiles.map((q) => row(`quantile ${q.level}`, q))];
  writeLine(table(['', 'requests', 'requests/s'], rows));
}

function report(result: BacktestResult, options: ForecastOptions): void {
  if (options.json) {
    writeJson({ coverageLevels: COVERAGE_LEVELS, ...result });
    return;
  }
  writeLine(`${result.slots} slots, ${result.scored} scored after ${result.warmUpSlots} of warm-up.`);
  const header = ['method', 'pinball loss', 'WAPE', 'bias', ...COVERAGE_LEVELS.map((l) => `cover ${100 * l}%`)];
  const rows = result.methods.map((m) => [
    m.method,
    m.pinballLoss.toPrecision(4),
    `${m.wapePct.toFixed(1)}%`,
    `${m.biasPct.toFixed(1)}%`,
    ...m.coverage.map((c) => `${(100 * c).toFixed(1)}%`),
  ]);
  writeLine(table(header, rows));
  const { beatsNaive, beatsSeasonalNaive, worstCoverageGapPoints } = result.verdict;
  const yesNo = (holds: boolean) => (holds ? 'yes' : 'NO');
  writeLine(
    `auto beats naive: ${yesNo(beatsNaive)}; beats seasonal-naive: ${yesNo(beatsSeasonalNaive)}; ` +
      `worst coverage gap: ${worstCoverageGapPoints.toFixed(1)} points`,
  );
}

function parseLevels(text: string): number[] {
  return text.split(',').map((part) => {
    const level = Number(part);
    if (!(level > 0 && level < 1)) {
      throw badInput(`--quantiles: each level lies strictly between 0 and 1 (such as 0.5,0.95), received "${part}"`);
    }
    return level;
  });
}
