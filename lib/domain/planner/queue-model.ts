import { predict, predictMeanS, predictMeanWithBound, predictShareBeyond } from '../queueing/predict.ts';
import type { ModelInput } from '../queueing/types.ts';
import type { QueueModel, ResponseTimes } from './evaluate.ts';

/** Beyond this utilization the session model is not compared with simulation, and the planner does not go there. */
export const highestSessionUtilization = 0.97;

/**
 * The product's own model of a pool, the one `npx oaas model` shows. For `session`, a mean field whose error is on the hopeful side, the
 * times are raised by the model's own error bound: a fleet is only taken when the promise holds at the bound's far end.
 */
export const productModel: QueueModel = {
  meanS: (input) => {
    if (input.policy !== 'session') return predictMeanS(input);
    if (tooBusy(input)) return Number.POSITIVE_INFINITY;
    const { meanS, errorBoundPct } = predictMeanWithBound(input);
    return meanS * atBound(errorBoundPct);
  },
  shareBeyond: (input, tS) => {
    if (input.policy !== 'session') return predictShareBeyond(input, tS);
    return tooBusy(input) ? 1 : predictShareBeyond(input, tS, atBound);
  },
  times: (input) => {
    if (input.policy === 'session' && tooBusy(input)) return null;
    const { status, responseTimeS, errorBoundPct } = predict(input);
    if (status !== 'stable') return null;
    if (input.policy !== 'session') return responseTimeS;
    const raised = (timeS: number | null) => (timeS === null ? null : timeS * atBound(errorBoundPct));
    const { mean, p95, p99 } = responseTimeS;
    return { mean: raised(mean), p95: raised(p95), p99: raised(p99) } satisfies ResponseTimes;
  },
};

const atBound = (errorBoundPct: number): number => 1 + errorBoundPct / 100;

function tooBusy({ pool, arrivalRatePerS }: ModelInput): boolean {
  const capacity = pool.reduce(
    (sum, g) => sum + (g.count * g.serviceRatePerS * Math.min(g.cores, g.sharingLimit)) / g.cores,
    0,
  );
  return arrivalRatePerS > capacity * highestSessionUtilization * (1 + 1e-9);
}
