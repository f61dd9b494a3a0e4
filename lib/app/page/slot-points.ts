import type { PagePlan, SlotPoint } from '../../ports/contracts/page.ts';
import type { SlotBody } from '../../ports/contracts/slot-record.ts';

/** A slot as the charts show it. */
export function pointOf(slotStartMs: number, body: SlotBody): SlotPoint {
  const { observed, forecast, plan, outcome } = body;
  return {
    slotStartMs,
    atMs: body.atMs,
    kind: body.kind,
    arrivalRatePerS: observed.arrivalRatePerS,
    forecastMeanPerS: forecast.meanRatePerS,
    forecastPerS: forecast.quantileRatePerS,
    targetMs: plan.targetMs,
    predictedMeanMs: plan.predictedMs.mean,
    predictedP95Ms: plan.predictedMs.p95,
    meanMs: observed.meanResponseMs,
    p95Ms: observed.p95ResponseMs ?? null,
    refused: observed.refused,
    usdPerHour: plan.costUsdPerHour,
    fluidUsdPerHour: plan.fluidUsdPerHour ?? null,
    paperUsdPerHour: plan.alternatives?.find(({ id }) => id === 'paper')?.costUsdPerHour ?? null,
    launched: outcome.launched.reduce((sum, { vmIds }) => sum + vmIds.length, 0),
    drained: outcome.draining.length,
    faults: outcome.faults.length,
  };
}

export function planLineOf(slotStartMs: number, body: SlotBody): PagePlan {
  const { kind, trigger, plan } = body;
  return { slotStartMs, kind, trigger, status: plan.status, reason: plan.reason, actions: plan.actions };
}
