import type { SlotBody } from '../ports/contracts/slot-record.ts';
import { writeLine } from './io.ts';
import { shown } from './operator.ts';

/** A plan in words: the promise, what it takes, what is done about it and why. */
export function writePlan(plan: SlotBody['plan']): void {
  const { indicator, targetMs } = plan;
  writeLine(
    `  plan      ${plan.status} (${plan.planner}, ${plan.policy}): ${indicator} ${shown(plan.predictedMs[indicator])} ms predicted, ${targetMs} ms promised`,
  );
  const gap = plan.gapPct === null ? 'unknown' : `${plan.gapPct.toFixed(1)} %`;
  writeLine(`  cost      $${plan.costUsdPerHour.toFixed(4)}/h, gap to the lower bound ${gap}`);
  if (plan.reason !== null) writeLine(`  reason    ${plan.reason}`);
  for (const action of plan.actions) {
    writeLine(`  ${action.do.padEnd(8)}  ${action.count} x ${action.offer}: ${action.why}`);
  }
  for (const note of plan.notes) writeLine(`  note      ${note}`);
}

export function writeExpectation(arrivalRatePerS: number, demandS: number, forecast: SlotBody['forecast']): void {
  writeLine(
    `  arrivals  ${arrivalRatePerS.toFixed(2)}/s seen, ${forecast.meanRatePerS.toFixed(2)}/s expected, ${forecast.quantileRatePerS.toFixed(2)}/s planned for (q${forecast.quantile * 100}), ${(demandS * 1000).toFixed(0)} ms CPU each`,
  );
}
