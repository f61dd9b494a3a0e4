import { type _InstanceType, DescribeSpotPriceHistoryCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { type PriceEntry, priceKey } from '../../../domain/pricing/price-book.ts';

/** Spot prices of one region as of now, of each zone by itself. */
export async function fetchSpotPrices(
  client: EC2Client,
  region: string,
  instanceTypes: ReadonlySet<string>,
  nowMs: number,
): Promise<PriceEntry[]> {
  const entries = new Map<string, PriceEntry>();
  const types = [...instanceTypes];
  // The API takes at most 100 types a call.
  for (let i = 0; i < types.length; i += 100) {
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new DescribeSpotPriceHistoryCommand({
          InstanceTypes: types.slice(i, i + 100) as _InstanceType[],
          ProductDescriptions: ['Linux/UNIX'],
          StartTime: new Date(nowMs),
          MaxResults: 1000,
          NextToken: nextToken,
        }),
      );
      for (const { InstanceType, AvailabilityZone: zone, SpotPrice } of page.SpotPriceHistory ?? []) {
        const usdPerHour = Number(SpotPrice);
        if (InstanceType === undefined || zone === undefined || !(usdPerHour > 0)) continue;
        const entry = { instanceType: InstanceType, region, zone, purchaseOption: 'spot', usdPerHour } as const;
        // Newest first, should the price have changed this very moment.
        if (!entries.has(priceKey(entry))) entries.set(priceKey(entry), { ...entry, confirmedAtMs: nowMs });
      }
      nextToken = page.NextToken || undefined;
    } while (nextToken !== undefined);
  }
  return [...entries.values()];
}
