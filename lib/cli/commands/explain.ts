import type { Command } from 'commander';
import { operatorPaths, type SlotsResponse, slotsResponseSchema } from '../../ports/contracts/operator.ts';
import { warn } from '../colour.ts';
import { badInput } from '../errors.ts';
import { writeJson, writeLine } from '../io.ts';
import { findOperator, type OperatorOptions, operatorOptions, shown, timeOf } from '../operator.ts';
import { writeExpectation, writePlan } from '../plan-text.ts';
import { parseNumber } from '../units.ts';

interface ExplainOptions extends OperatorOptions {
  pool?: string;
  slot?: string;
  last: number;
}

type Slot = SlotsResponse['slots'][number];
/** Around a moment that was asked for. */
const aroundMs = 3_600_000;

/** `oaas explain`: what the scaler did, and why. */
export function register(program: Command): void {
  operatorOptions(program.command('explain'))
    .description('what the scaler saw, expected, decided and did in its last slots, and why')
    .option('--pool <id>', 'only this pool; a part of its id is enough')
    .option('--slot <time>', 'the slot at this time (ISO 8601, or HH:MM[:SS] of today, UTC)')
    .option(
      '--last <n>',
      'how many slots per pool',
      (t) => parseNumber(t, '--last', { min: 1, max: 1000, integer: true }),
      1,
    )
    .addHelpText(
      'after',
      `
Examples:
  $ npx oaas explain
  $ npx oaas explain --pool node-small --last 5
  $ npx oaas explain --slot 14:20 --json`,
    )
    .action(async (options: ExplainOptions) => {
      const operator = await findOperator(options);
      const atMs = options.slot === undefined ? null : parseTime(options.slot);
      const query = atMs === null ? '' : `?from=${atMs - aroundMs}&to=${atMs + 1}`;
      const answers = await Promise.all(
        operator.regions.map((region) => operator.get(region, `${operatorPaths.slots}${query}`, slotsResponseSchema)),
      );
      const slots = choose(
        answers.flatMap((answer) => answer.slots),
        options,
      );
      if (options.json) return writeJson(slots);
      if (slots.length === 0) writeLine('no slot is recorded for that; the first one comes with the next slot');
      for (const slot of slots) write(slot);
    });
}

function choose(slots: readonly Slot[], options: ExplainOptions): Slot[] {
  const byPool = new Map<string, Slot[]>();
  for (const slot of slots) {
    if (options.pool !== undefined && !slot.poolId.includes(options.pool)) continue;
    byPool.set(slot.poolId, [...(byPool.get(slot.poolId) ?? []), slot]);
  }
  return [...byPool.values()].flatMap((own) => own.sort((a, b) => a.slotStartMs - b.slotStartMs).slice(-options.last));
}

function parseTime(text: string): number {
  const today = new Date().toISOString().slice(0, 10);
  const full = /^\d{1,2}:\d{2}(:\d{2})?$/.test(text) ? `${today}T${text.padStart(5, '0')}Z` : text;
  const ms = Date.parse(/[zZ]|[+-]\d{2}:?\d{2}$/.test(full) ? full : `${full}Z`);
  if (Number.isNaN(ms))
    throw badInput(`--slot must be a time such as 14:20 or 2026-03-01T14:20:00Z, received "${text}"`);
  return ms;
}

function write({ poolId, slotStartMs, body }: Slot): void {
  const why = body.kind !== 'slot' ? `  between slots: ${body.trigger}` : '';
  writeLine(`${poolId}  slot of ${timeOf(slotStartMs)} UTC${why}`);
  const { observed, outcome } = body;
  writeExpectation(observed.arrivalRatePerS, observed.demandS, body.forecast);
  writeLine(
    `  measured  mean ${shown(observed.meanResponseMs)} ms; ${observed.arrivals.toFixed(0)} requests, ${observed.refused} refused, ${observed.running} running, ${observed.waiting} waiting`,
  );
  writePlan(body.plan);
  for (const { offer, vmIds } of outcome.launched) writeLine(`  launched  ${offer}: ${vmIds.join(', ')}`);
  if (outcome.draining.length > 0) writeLine(`  draining  ${outcome.draining.join(', ')}`);
  if (outcome.terminated.length > 0) writeLine(`  ended     ${outcome.terminated.join(', ')}`);
  for (const fault of outcome.faults) writeLine(warn(`  ! ${fault.kind}: ${fault.detail}`));
  writeLine();
}
