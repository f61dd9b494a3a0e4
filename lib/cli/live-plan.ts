import { livePlanSchema, operatorPaths } from '../ports/contracts/operator.ts';
import { writeJson, writeLine } from './io.ts';
import { findOperator, type OperatorOptions, timeOf } from './operator.ts';
import { writeExpectation, writePlan } from './plan-text.ts';

/** `oaas plan` without a document: what the scaler of the running system would do now, and why. Changes nothing. */
export async function planLive(options: OperatorOptions): Promise<void> {
  const operator = await findOperator(options);
  const plans = await Promise.all(
    operator.regions.map((region) => operator.get(region, operatorPaths.plan, livePlanSchema)),
  );
  if (options.json) return writeJson(plans);
  for (const { pools, region, atMs } of plans) {
    if (pools.length === 0) writeLine(`${region}: no pool yet`);
    for (const pool of pools) {
      writeLine(`${pool.poolId}  as of ${timeOf(atMs)} UTC`);
      writeExpectation(pool.arrivalRatePerS, pool.demandS, pool.forecast);
      writePlan(pool.plan);
      writeLine();
    }
  }
}
