import type { ScenarioResult } from '../../simulator/scenario/types.ts';

/** What a contestant costs and keeps, over several independent runs. */
export interface Score {
  runs: number;
  /** VM rent over the fluid bound λ × cheapest USD per unit of rate. */
  rentOverBound: number;
  rentCi95: number;
  controlPlaneOverBound: number;
  /** Rent and control plane over the bound: what is compared. */
  costOverBound: number;
  /** Share of slots whose mean response time kept the target. */
  slotsWithin: number;
  slotsCi95: number;
  requestsWithin: number;
  meanResponseS: number;
}

/** Student's t at 97.5 % for 1 to 10 degrees of freedom. */
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

export function scoreOf(results: readonly ScenarioResult[]): Score {
  const totals = results.map((r) => r.total);
  const rent = totals.map((t) => t.rentUsd / t.fluidBoundUsd);
  const control = mean(totals.map((t) => t.controlPlaneUsd / t.fluidBoundUsd));
  const slots = totals.map((t) => t.shareSlotsWithin);
  return {
    runs: results.length,
    rentOverBound: mean(rent),
    rentCi95: halfWidth(rent),
    controlPlaneOverBound: control,
    costOverBound: mean(rent) + control,
    slotsWithin: mean(slots),
    slotsCi95: halfWidth(slots),
    requestsWithin: mean(totals.map((t) => t.shareRequestsWithin)),
    meanResponseS: mean(totals.map((t) => t.responseTimeS.mean ?? Number.NaN)),
  };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

function halfWidth(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return 0;
  const centre = mean(values);
  const variance = values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (n - 1);
  return T[Math.min(n - 2, T.length - 1)]! * Math.sqrt(variance / n);
}

export const SCORE_HEADER = [
  'runs',
  'rentOverBound',
  'rentCi95',
  'controlPlaneOverBound',
  'costOverBound',
  'slotsWithin',
  'slotsWithinCi95',
  'requestsWithin',
  'meanResponseS',
] as const;

export const scoreRow = (s: Score): number[] => [
  s.runs,
  s.rentOverBound,
  s.rentCi95,
  s.controlPlaneOverBound,
  s.costOverBound,
  s.slotsWithin,
  s.slotsCi95,
  s.requestsWithin,
  s.meanResponseS,
];
