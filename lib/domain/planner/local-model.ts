import type { ModelInput } from '../queueing/types.ts';
import type { QueueModel } from './evaluate.ts';

/** Equations 4-10 of the OaaS paper for one-core VMs under the even and the capacity-based split. */
function meanS(input: ModelInput): number {
  const { pool, arrivalRatePerS, policy } = input;
  const vms = pool.reduce((sum, g) => sum + g.count, 0);
  const total = pool.reduce((sum, g) => sum + g.count * g.serviceRatePerS, 0);
  let mean = 0;
  for (const g of pool) {
    const share = policy === 'even' ? 1 / vms : g.serviceRatePerS / total;
    const free = g.serviceRatePerS - share * arrivalRatePerS;
    if (free <= 0) return Number.POSITIVE_INFINITY;
    mean += g.count * share * (g.networkS + 1 / free);
  }
  return mean;
}

export const localModel: QueueModel = {
  meanS,
  times: (input) => {
    const mean = meanS(input);
    return Number.isFinite(mean) ? { mean, p95: null, p99: null } : null;
  },
};
