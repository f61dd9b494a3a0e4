import { EC2Client } from '@aws-sdk/client-ec2';
import { createEc2Provider } from '../../lib/adapters/aws/ec2/provider.ts';
import { createZones } from '../../lib/adapters/aws/ec2/zones.ts';
import type { LaunchRequest, Offer } from '../../lib/ports/compute-provider.ts';
import { startFakeEc2 } from './fake-ec2.ts';

export const near = 'eu-central-1';
export const far = 'eu-north-1';

export function ec2Offer(typeId: string, overrides: Partial<Offer> = {}): Offer {
  const { dataCentre = near, purchaseOption = 'on-demand' } = overrides;
  return {
    id: `${typeId}@${dataCentre}/${purchaseOption}`,
    type: { id: typeId, cores: 2, coreSpeed: 1, memoryMiB: 4096 },
    dataCentre,
    purchaseOption,
    priceUsdPerHour: 0.08,
    networkMs: 0,
    bootS: 90,
    ...(purchaseOption === 'on-demand' ? { startS: 30 } : {}),
    ...overrides,
  };
}

export const launchOf = (offer: Offer, clientToken: string, count: number, standIns?: Offer[]): LaunchRequest => ({
  clientToken,
  poolId: `${near}.general.default`,
  epoch: 3,
  offer,
  count,
  sharingLimit: 4,
  queueLimit: 16,
  exact: false,
  ...(standIns === undefined ? {} : { standIns }),
});

/**
 * The EC2 provider over the fake, through the SDK's own client.
 *
 * @param budgetMs of a listing and of a launch: long where all answer, so that a slow machine does not look like a silent one
 */
export async function createEc2World(offers: Offer[], budgetMs = 20_000) {
  const ec2 = await startFakeEc2();
  let nowMs = 1_000_000;
  const clients = new Map<string, EC2Client>();
  const client = (region: string) => {
    const known =
      clients.get(region) ??
      new EC2Client({
        region,
        endpoint: ec2.endpoint,
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        maxAttempts: 1,
      });
    clients.set(region, known);
    return known;
  };
  const create = () =>
    createEc2Provider({
      owner: 'oaas',
      region: near,
      endpoint: 'https://api.example.org',
      dataCentres: [near, far],
      client,
      zones: createZones(client, 'oaas', near),
      launchTemplateName: (offer) => (offer.type.id.includes('g.') ? 'oaas-europe-arm64' : 'oaas-europe-x86_64'),
      offers: async () => offers,
      interruptions: async () => [],
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      listBudgetMs: budgetMs,
      launchBudgetMs: budgetMs,
    });
  return {
    ec2,
    provider: create(),
    /** Another container, which remembers nothing. */
    create,
    client,
    advance: (ms: number) => {
      nowMs += ms;
    },
    callsOf: (action: string) => ec2.calls.filter((call) => call.action === action),
    stop() {
      for (const c of clients.values()) c.destroy();
      ec2.stop();
    },
  };
}
