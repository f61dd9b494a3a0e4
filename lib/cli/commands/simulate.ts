import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { TraceError } from '../../domain/forecast/trace.ts';
import { type ScenarioDocument, scenarioSchema } from '../../ports/contracts/simulate.ts';
import { scenarioOf } from '../../simulator/scenario/document.ts';
import { scenarioSteps } from '../../simulator/scenario/run-scenario.ts';
import type { ScenarioResult, SlotResult } from '../../simulator/scenario/types.ts';
import { badInput } from '../errors.ts';
import { readDocument, table, writeJson, writeLine } from '../io.ts';
import { runSteps } from '../progress.ts';

interface Options {
  file?: string;
  json?: boolean;
  seed?: string;
  replications?: string;
}

const TABLE_ROWS = 24;

/** `oaas simulate`: a scenario in closed loop. */
export function register(program: Command): void {
  program
    .command('simulate')
    .description('simulate a day or a trace in closed loop: arrivals, dispatch, forecast, plan, boot delays, rent')
    .option('--file <file>', 'scenario document (JSON); standard input when absent or "-"')
    .option('--json', 'write the result as JSON')
    .option('--seed <n>', "another seed than the scenario's")
    .option('--replications <n>', "another number of replications than the scenario's")
    .addHelpText(
      'after',
      `
Example:
  echo '{"slots":[{"arrivalRatePerS":100},{"arrivalRatePerS":160}],"sla":{"indicator":"mean","targetS":0.2},
         "offers":[{"id":"A","serviceRatePerS":10,"priceUsdPerHour":0.06}],"bootS":40,"forecast":"oracle"}' | npx oaas simulate
The whole document: npx oaas schema simulate. Files it names are looked up beside it, then in the current folder.`,
    )
    .action(simulate);
}

async function simulate(options: Options): Promise<void> {
  const document = await readDocument(scenarioSchema, options);
  const scenario = buildScenario(document, options);
  const seed = wholeNumber('--seed', options.seed, Number.MIN_SAFE_INTEGER);
  const replications = wholeNumber('--replications', options.replications, 1);
  const result = await run({
    ...scenario,
    ...(seed !== undefined && { seed }),
    ...(replications !== undefined && { replications }),
  });
  if (options.json) writeJson(result);
  else print(result);
}

function buildScenario(document: ScenarioDocument, options: Options) {
  try {
    return scenarioOf(document, (file) => readNamed(file, options.file));
  } catch (error) {
    if (error instanceof TraceError) throw badInput(`trace.file: ${error.message}`, error);
    if (error instanceof RangeError) throw badInput(error.message, error);
    throw error;
  }
}

function readNamed(file: string, documentFile: string | undefined): string {
  const beside = documentFile === undefined || documentFile === '-' ? file : resolve(dirname(documentFile), file);
  try {
    return readFileSync(existsSync(beside) ? beside : file, 'utf8');
  } catch (cause) {
    throw badInput(`cannot read ${file}: ${(cause as Error).message}`, cause);
  }
}

async function run(scenario: Parameters<typeof scenarioSteps>[0]): Promise<ScenarioResult> {
  try {
    return await runSteps('simulating', scenarioSteps(scenario));
  } catch (error) {
    if (error instanceof RangeError) throw badInput(error.message, error);
    throw error;
  }
}

function wholeNumber(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw badInput(`${option} must be a whole number${least > 0 ? ` of ${least} or more` : ''}, received "${text}"`);
  }
  return value;
}

function print({ slots, total, regions }: ScenarioResult): void {
  const step = Math.ceil(slots.length / TABLE_ROWS);
  const shown = slots.filter((_, k) => k % step === 0);
  writeLine(
    table(
      [
        'start',
        'arrivals/s',
        'requests',
        'refused',
        'VMs',
        'launches',
        'util',
        'mean ms',
        'p95 ms',
        'within',
        'rent $',
        'bound $',
      ],
      shown.map(slotRow),
    ),
  );
  if (step > 1) writeLine(`(every ${step}th of ${slots.length} slots; --json has them all)`);
  writeLine();
  const { ci95 } = total;
  const rows: [string, string][] = [
    ['rent', `$${number(total.rentUsd)}${interval(ci95.rentUsd)}`],
    ['control plane', `$${number(total.controlPlaneUsd)}`],
    ['fluid bound', `$${number(total.fluidBoundUsd)}`],
    ['rent / bound', `${number(total.rentOverBound)}${interval(ci95.rentOverBound)}`],
    ['slots within the SLA', `${percent(total.shareSlotsWithin)}${interval(ci95.shareSlotsWithin, 100)}`],
    ['requests within the target', `${percent(total.shareRequestsWithin)}${interval(ci95.shareRequestsWithin, 100)}`],
    [
      'response mean / p95 / p99',
      [total.responseTimeS.mean, total.responseTimeS.p95, total.responseTimeS.p99].map(ms).join(' / '),
    ],
    ['utilization', percent(total.utilization)],
    ['requests, refused', `${number(total.requests)}, ${number(total.refused)}`],
    ['launches', number(total.launches)],
  ];
  if (total.infeasibleSlots > 0) rows.push(['slots without a feasible plan', number(total.infeasibleSlots)]);
  for (const [name, value] of rows) writeLine(`${name.padEnd(30)}${value}`);
  for (const region of regions ?? []) {
    const t = region.total;
    writeLine(
      `${`region ${region.id}`.padEnd(30)}rent $${number(t.rentUsd)}, slots within ${percent(t.shareSlotsWithin)}`,
    );
  }
}

function slotRow(slot: SlotResult): string[] {
  const vms = Object.values(slot.vmsByOffer).reduce((a, b) => a + b, 0);
  return [
    clock(slot.startS),
    number(slot.arrivalRatePerS),
    number(slot.requests),
    number(slot.refused),
    vms.toFixed(1),
    number(slot.launches),
    percent(slot.utilization),
    slot.responseTimeS.mean === null ? '-' : (1000 * slot.responseTimeS.mean).toFixed(1),
    slot.responseTimeS.p95 === null ? '-' : (1000 * slot.responseTimeS.p95).toFixed(1),
    slot.withinTarget ? 'yes' : 'NO',
    slot.rentUsd.toFixed(4),
    slot.fluidBoundUsd.toFixed(4),
  ];
}

function clock(startS: number): string {
  const minutes = Math.floor(startS / 60);
  const two = (n: number) => String(n).padStart(2, '0');
  const day = Math.floor(minutes / 1440);
  return `${day > 0 ? `${day}d ` : ''}${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}

const number = (value: number | null): string => (value === null ? '-' : String(Number(value.toPrecision(5))));
const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
const ms = (seconds: number | null): string => (seconds === null ? '-' : `${(1000 * seconds).toFixed(1)} ms`);
const interval = (half: number | null, scale = 1): string => (half === null ? '' : ` ± ${number(half * scale)}`);
