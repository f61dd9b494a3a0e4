import { predict, predictMeanS } from '../queueing/predict.ts';
import type { ModelInput } from '../queueing/types.ts';
import type { QueueModel, ResponseTimes } from './evaluate.ts';

/** Beyond this utilization the session model was not fitted, and the planner does not go there. */
export const highestSessionUtilization = 0.95;

/**
 * The product's own model of a pool, the one `npx oaas model` shows. For `session`, a mean field, on the safe side: no less than
 * join-the-shortest-queue on the same pool (it sees every VM where a session sees its candidates), and more by what few, busy VMs add:
 * candidates fill up together. Measured on 70 simulated pools of 2-35 VMs the excess stays below 0.25 / ((1 - ρ) C) in all but one.
 */
export const productModel: QueueModel = {
  meanS: (input) => {
    if (input.policy !== 'session') return predictMeanS(input);
    const margin = sessionMargin(input);
    if (margin === null) return Number.POSITIVE_INFINITY;
    return margin * Math.max(predictMeanS(input), predictMeanS({ ...input, policy: 'jsq' }));
  },
  times: (input) => {
    if (input.policy !== 'session') return timesOf(input);
    const margin = sessionMargin(input);
    const session = margin === null ? null : timesOf(input);
    const jsq = session === null ? null : timesOf({ ...input, policy: 'jsq' });
    if (margin === null || session === null || jsq === null) return null;
    const safe = (a: number | null, b: number | null) => (a === null || b === null ? null : margin * Math.max(a, b));
    return { mean: safe(session.mean, jsq.mean), p95: safe(session.p95, jsq.p95), p99: safe(session.p99, jsq.p99) };
  },
};

/** Factor on the session model's times; null where it is not to be used. */
function sessionMargin({ pool, arrivalRatePerS }: ModelInput): number | null {
  const vms = pool.reduce((sum, g) => sum + g.count, 0);
  const capacity = pool.reduce(
    (sum, g) => sum + (g.count * g.serviceRatePerS * Math.min(g.cores, g.sharingLimit)) / g.cores,
    0,
  );
  const utilization = arrivalRatePerS / capacity;
  if (utilization > highestSessionUtilization * (1 + 1e-9)) return null;
  return 1 + (0.25 * utilization) / ((1 - utilization) * vms);
}

function timesOf(input: ModelInput): ResponseTimes | null {
  const result = predict(input);
  return result.status === 'stable' ? result.responseTimeS : null;
}
