/** One tick of the scaler, every minute and a boot before each slot: whichever is the last in time for the slot plans it. */
import { lambdaConfig } from '../../lib/adapters/aws/lambda/config.ts';
import { createLambdaMetrics } from '../../lib/adapters/aws/lambda/metrics.ts';
import { readScaling } from '../../lib/adapters/aws/lambda/operator.ts';
import { createParts } from '../../lib/adapters/aws/lambda/parts.ts';
import { createLambdaProvider } from '../../lib/adapters/aws/lambda/provider.ts';
import { createConfig, createScalerDeps, enterRegion } from '../../lib/adapters/aws/lambda/scaler.ts';
import { writeFirstConfig } from '../../lib/app/first-config.ts';
import { runTick } from '../../lib/app/scaler/run-tick.ts';
import { scaleRegion } from '../../lib/app/scaler/scale-region.ts';
import { emitSlotMetrics } from '../../lib/app/scaler/slot-metrics.ts';
import { scheduleEventSchema } from '../../lib/ports/contracts/schedule-event.ts';

const config = lambdaConfig();
const parts = createParts(config);
const cache = createConfig(parts);
const deps = createScalerDeps(parts, cache, createLambdaProvider(parts));
const metrics = createLambdaMetrics();

export async function handler(event: unknown): Promise<{ status: string }> {
  const { schedule, scheduledTime } = scheduleEventSchema.parse(event);
  if (schedule === 'Slots') {
    await enterRegion(parts);
    await writeFirstConfig(parts.configStore, config.deployment.groups, deps.clock.nowMs());
  }
  const { slotMs } = deps.options;
  const outcome = await runTick(
    { nowMs: deps.clock.nowMs, slotMs, log: parts.log, scale: () => scaleRegion(deps, 'tick') },
    { schedule, scheduledAtMs: Date.parse(scheduledTime) },
  );
  if (outcome.status === 'done' && outcome.slotStartMs !== null)
    emitSlotMetrics(metrics, await readScaling(config, deps, cache), parts.offers.ageHours());
  return { status: outcome.status };
}
