import type { Command } from 'commander';
import { addConfigCommand, addPutDocument, type ConfigCommands, given, withDefaults } from '../config-commands.ts';
import { parseDurationMs, parseNumber } from '../units.ts';

const duration = (option: string) => (text: string) => parseDurationMs(text, option);
const share = (option: string) => (text: string) => parseNumber(text, option, { min: 0, max: 1 });

const sla: ConfigCommands = {
  kind: 'sla',
  description: 'response-time agreements: indicator, target and how the scaler keeps them',
  columns: ['sla', 'promise', 'window', 'attainment', 'planner', 'forecast'],
  cells(row) {
    const r = withDefaults('sla', row);
    return [
      String(r.id),
      `${r.indicator} <= ${r.targetMs} ms`,
      `${r.windowS} s`,
      String(r.attainment),
      String(r.planner),
      `q${Number(r.forecastQuantile) * 100}`,
    ];
  },
  putOptions: (command) =>
    command
      .option('--target <duration>', 'response time to keep, such as 350ms or 2s', duration('--target'))
      .option('--indicator <name>', 'mean, p95 or p99')
      .option('--window <duration>', 'time over which the indicator is taken', duration('--window'))
      .option('--attainment <share>', 'share of windows that must keep it, 0 to 1', share('--attainment'))
      .option('--planner <name>', 'exact, paper, same, minimum, maximum, threshold or static')
      .option('--quantile <q>', 'quantile of the forecast that is planned for, 0 to 1', share('--quantile')),
  changes: (o) =>
    given({
      targetMs: o.target,
      indicator: o.indicator,
      windowS: o.window === undefined ? undefined : Number(o.window) / 1000,
      attainment: o.attainment,
      planner: o.planner,
      forecastQuantile: o.quantile,
    }),
  putHelp: `
Examples:
  $ npx oaas sla put tight --target 250ms
  $ npx oaas sla put paper --target 800ms --planner paper
  $ npx oaas sla put gold --indicator p95 --target 1s --quantile 0.99
  $ npx oaas sla put --file gold.json`,
};

export function register(program: Command): void {
  addPutDocument(addConfigCommand(program, sla), sla);
}
