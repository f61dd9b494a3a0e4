/** The scaler's dependencies in a Lambda function: the use cases of local mode over DynamoDB and whatever rents the machines. */
import { randomUUID } from 'node:crypto';
import type { ConfigCache } from '../../../app/config-cache.ts';
import { createConfigCache } from '../../../app/config-cache.ts';
import { type ScalerDeps, scalerOptions } from '../../../app/scaler/deps.ts';
import { cheapestPrice, regionConfig } from '../../../app/scaler/region-config.ts';
import { createForecaster, forecast, update } from '../../../domain/forecast/forecaster.ts';
import { plan } from '../../../domain/planner/plan.ts';
import type { ComputeProvider } from '../../../ports/compute-provider.ts';
import { createRegionDirectory } from '../dynamodb-region-rows.ts';
import { lambdaClock } from './clock.ts';
import type { Parts } from './parts.ts';

/** Planning is bounded so that every pool of a region gets its turn within the function's time. */
const planTimeMs = 5_000;
export function createConfig(parts: Parts): ConfigCache {
  return createConfigCache({ store: parts.configStore, lastGood: parts.state, clock: lambdaClock, log: parts.log });
}

export function createScalerDeps(parts: Parts, cache: ConfigCache, provider: ComputeProvider): ScalerDeps {
  const { config, log, offers } = parts;
  const { deployment, geography } = config;
  return {
    region: config.region,
    owner: `lambda-${randomUUID()}`,
    provider,
    state: parts.state,
    config: async () => {
      await offers.ready();
      return regionConfig(cache, (group) => cheapestPrice(group, offers.current()));
    },
    agents: parts.agents,
    forecasting: { createForecaster, update, forecast },
    planFleet: (problem, options) =>
      plan(problem, {
        now: lambdaClock.monotonicMs,
        timeLimitMs: Math.min(planTimeMs, options?.workLimitMs ?? planTimeMs),
      }),
    clock: lambdaClock,
    newId: randomUUID,
    log,
    options: scalerOptions(config.slotMs, {
      leadMs: deployment.bootLeadS * 1000,
      timeZone: geography.timeZone,
    }),
  };
}

/** The offers of a provider without its machines: for functions that only read. */
export function offersOnly({ offers }: Parts): ComputeProvider {
  const refuse = () => Promise.reject(new Error('this function rents nothing'));
  return {
    offers: async () => [...(await offers.ready())],
    launch: refuse,
    list: refuse,
    terminate: refuse,
    interruptions: async () => [],
    warmPool: null,
  };
}

/** Tells the other regions where this one's endpoint is. */
export async function enterRegion({ config, dynamoDb }: Parts): Promise<void> {
  if (config.endpoint === undefined) return;
  const entry = { id: config.region, geography: config.geography.id, endpoint: config.endpoint };
  await createRegionDirectory(dynamoDb, config.configTable).put(entry);
}
