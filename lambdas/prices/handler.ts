/** Refreshes the price book of every data centre; the last good prices stay where a source fails. */
import { lambdaConfig } from '../../lib/adapters/aws/lambda/config.ts';
import { createPriceDeps } from '../../lib/adapters/aws/lambda/prices.ts';
import { type RefreshOutcome, refreshPrices } from '../../lib/app/prices/refresh-prices.ts';

const deps = createPriceDeps(lambdaConfig());

export async function handler(): Promise<RefreshOutcome> {
  const outcome = await refreshPrices(deps);
  deps.log.info('prices refreshed', { ...outcome });
  return outcome;
}
