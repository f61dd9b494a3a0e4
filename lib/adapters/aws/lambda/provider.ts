import { catalogue } from '../../../domain/pricing/catalogue.ts';
import type { ComputeProvider, Offer } from '../../../ports/compute-provider.ts';
import { createInterruptionStore } from '../dynamodb-region-rows.ts';
import { createEc2Clients } from '../ec2/clients.ts';
import { createEc2Provider } from '../ec2/provider.ts';
import { createZones } from '../ec2/zones.ts';
import { lambdaClock } from './clock.ts';
import type { Parts } from './parts.ts';

/** Notices older than this are about machines long gone. */
const noticeMs = 600_000;

/** Rents in the data centres of the function's geography. */
export function createLambdaProvider({ config, dynamoDb, offers }: Parts): ComputeProvider {
  const { deployment, geography } = config;
  const client = createEc2Clients(config.awsEndpoint === undefined ? {} : { endpoint: config.awsEndpoint });
  const interruptions = createInterruptionStore(dynamoDb, config.stateTable);
  return createEc2Provider({
    owner: config.name,
    region: config.region,
    endpoint: config.endpoint,
    dataCentres: geography.dataCentres.map((place) => place.id),
    client,
    zones: createZones(client, config.name, config.region),
    launchTemplateName: (offer) => `${deployment.name}-${geography.id}-${architectureOf(offer)}`,
    offers: async () => [...(await offers.ready())],
    interruptions: () => interruptions.list(lambdaClock.nowMs() - noticeMs),
    clock: lambdaClock,
  });
}

function architectureOf(offer: Offer): string {
  return catalogue().types.find((type) => type.name === offer.type.id)?.architecture ?? 'x86_64';
}
