import { describe, expect, test } from 'vitest';
import { backtest } from '../../../lib/domain/forecast/backtest.ts';
import { backtestTraces } from '../../../lib/experiments/traces.ts';

const folder = process.env.OAAS_TRACES ?? '../shared/data/traces';
const { source, traces } = backtestTraces(folder);
process.stdout.write(`forecast backtest on ${source}\n`);

describe(source, () => {
  test.each(traces)('$name: better than naive and seasonal-naive, coverage within 3 points', ({ trace }) => {
    const { verdict, methods } = backtest(trace);
    expect(verdict.beatsNaive).toBe(true);
    expect(verdict.beatsSeasonalNaive).toBe(true);
    expect(verdict.worstCoverageGapPoints).toBeLessThanOrEqual(3);
    expect(methods[0]!.pinballLoss).toBeGreaterThan(0);
  });
});
