import { predict } from '../../lib/domain/queueing/predict.ts';
import type { ModelInput, ModelResult, VmGroup } from '../../lib/domain/queueing/types.ts';
import { simulatedPolicy } from '../../lib/simulator/engine/policies/policy.ts';
import { UniformStream } from '../../lib/simulator/engine/rng.ts';
import { type PoolSimulationResult, simulatePool } from '../../lib/simulator/engine/simulate-pool.ts';

/** The grid that the model is held to: 1-60 VMs, 1-4 speeds, 1-16 cores, ρ 0.2-0.97, N 1-32. */

export interface GridPoint {
  input: ModelInput;
  model: ModelResult;
  simulated: PoolSimulationResult;
  /** |model - simulation| / simulation, percent, and the half-width of the simulation's 95 % interval. */
  mean: { errorPct: number; ci95Pct: number };
  p95: { errorPct: number; ci95Pct: number };
}

/** A random pool; every call with the same stream gives the next of the same sequence. */
function randomPool(random: UniformStream): { pool: VmGroup[]; arrivalRatePerS: number } {
  const speeds = 1 + Math.floor(random.next() * 4);
  const total = speeds + Math.floor(random.next() * (61 - speeds));
  const far = random.next() < 0.3;
  const weights = Array.from({ length: speeds }, () => 0.2 + random.next());
  const sum = weights.reduce((a, b) => a + b, 0);
  let left = total;
  const pool = weights.map((weight, i): VmGroup => {
    const others = speeds - 1 - i;
    const count = others === 0 ? left : Math.max(1, Math.min(left - others, Math.round((total * weight) / sum)));
    left -= count;
    const coreRatePerS = 10 * 4 ** (random.next() - 0.5) * (random.next() < 0.5 ? 1 : 2 ** (random.next() - 0.5));
    const cores = random.next() < 0.35 ? 1 : 1 + Math.floor(random.next() * 16);
    return {
      serviceRatePerS: coreRatePerS * cores,
      cores,
      sharingLimit: 1 + Math.floor(random.next() * 32),
      count,
      networkS: far ? (1.5 * random.next()) / coreRatePerS : 0,
    };
  });
  const capacity = pool.reduce(
    (all, g) => all + (g.count * Math.min(g.cores, g.sharingLimit) * g.serviceRatePerS) / g.cores,
    0,
  );
  return { pool, arrivalRatePerS: capacity * (0.2 + 0.77 * random.next()) };
}

/**
 * Predicts and simulates one pool. Replications are independent and long enough for the pool to forget its empty start;
 * near full load the interval stays wide, so errors are to be read beside it.
 */
function compare(input: ModelInput, seed: number, requests: number): GridPoint | undefined {
  const model = predict(input);
  if (model.status === 'unstable') return undefined;
  const cores = input.pool.reduce((sum, g) => sum + g.count * Math.min(g.cores, g.sharingLimit), 0);
  const slack = 1 - model.utilization;
  const simulated = simulatePool({
    pool: input.pool,
    arrivalRatePerS: input.arrivalRatePerS,
    dispatch: simulatedPolicy(input),
    seed,
    replications: 4,
    requests: Math.round(requests / 4),
    warmup: Math.round(Math.min(requests, 2000 + 20 * cores + 30 / slack ** 2)),
  });
  const against = (indicator: 'mean' | 'p95') => {
    const truth = simulated.responseTimeS[indicator];
    return {
      errorPct: 100 * Math.abs(model.responseTimeS[indicator]! / truth - 1),
      ci95Pct: (100 * simulated.responseTimeS.ci95[indicator]) / truth,
    };
  };
  return { input, model, simulated, mean: against('mean'), p95: against('p95') };
}

/** `count` random pools under `policyOf(i)`; pools that the policy cannot keep stable are left out. */
export function runGrid(
  count: number,
  requests: number,
  policyOf: (i: number) => Pick<ModelInput, 'policy' | 'session'>,
  seed = 20_260,
): GridPoint[] {
  const random = new UniformStream(seed, 0, 0);
  const points: GridPoint[] = [];
  for (let i = 0; i < count; i++) {
    const point = compare({ ...randomPool(random), ...policyOf(i) }, seed + i, requests);
    if (point) points.push(point);
  }
  return points;
}

/** What is left of an error when the simulation's own uncertainty is taken off. */
export const beyondInterval = ({ errorPct, ci95Pct }: { errorPct: number; ci95Pct: number }): number =>
  Math.max(0, errorPct - ci95Pct);

export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))]!;
}
