import { PricingClient } from '@aws-sdk/client-pricing';
import type { PriceSource, RefreshPricesDependencies } from '../../../app/prices/refresh-prices.ts';
import { catalogue } from '../../../domain/pricing/catalogue.ts';
import { catalogueBook } from '../../../domain/pricing/rented-offers.ts';
import type { LambdaConfig } from '../../../ports/contracts/lambda-env.ts';
import { createDynamoDbClient } from '../dynamodb-client.ts';
import { createPriceStore } from '../dynamodb-region-rows.ts';
import { createEc2Clients } from '../ec2/clients.ts';
import { fetchOnDemandPrices, pricingApiRegion } from '../prices/on-demand.ts';
import { fetchSpotPrices } from '../prices/spot.ts';
import { sdkClient } from '../sdk-client.ts';
import { lambdaClock } from './clock.ts';
import { createLambdaLog } from './log.ts';

/** Both sources of every data centre of this geography, for the types that the catalogue knows the speed of. */
export function createPriceDeps(config: LambdaConfig): RefreshPricesDependencies {
  const { region, awsEndpoint, geography } = config;
  const types = new Set(catalogue().types.map((type) => type.name));
  const ec2 = createEc2Clients(awsEndpoint === undefined ? {} : { endpoint: awsEndpoint });
  const pricing = sdkClient(PricingClient, 'control', { region: pricingApiRegion(region), endpoint: awsEndpoint });
  const sources = geography.dataCentres.flatMap(({ id }): PriceSource[] => [
    {
      name: 'on-demand',
      dataCentre: id,
      fetch: () => fetchOnDemandPrices(pricing, id, types, lambdaClock.nowMs()),
    },
    { name: 'spot', dataCentre: id, fetch: () => fetchSpotPrices(ec2(id), id, types, lambdaClock.nowMs()) },
  ]);
  const dynamoDb = createDynamoDbClient({ region, endpoint: config.dynamoDbEndpoint ?? awsEndpoint });
  return {
    sources,
    store: createPriceStore(dynamoDb, config.configTable),
    firstBook: catalogueBook,
    log: createLambdaLog(),
  };
}
