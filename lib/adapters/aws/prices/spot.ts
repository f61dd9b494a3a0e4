import { type _InstanceType, DescribeSpotPriceHistoryCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { PriceEntry } from '../../../domain/pricing/price-book.ts';

/**
 * Spot prices of one region as of now. Each zone has its own; the entry carries the cheapest zone's, because that is
 * where a launch is tried first, and the launch itself chooses among the zones.
 */
export async function fetchSpotPrices(
  client: EC2Client,
  region: string,
  instanceTypes: ReadonlySet<string>,
  nowMs: number,
): Promise<PriceEntry[]> {
  const cheapest = new Map<string, number>();
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
      for (const { InstanceType, SpotPrice } of page.SpotPriceHistory ?? []) {
        const price = Number(SpotPrice);
        if (InstanceType === undefined || !(price > 0)) continue;
        cheapest.set(InstanceType, Math.min(price, cheapest.get(InstanceType) ?? Number.POSITIVE_INFINITY));
      }
      nextToken = page.NextToken || undefined;
    } while (nextToken !== undefined);
  }
  return [...cheapest].map(([instanceType, usdPerHour]) => ({
    instanceType,
    region,
    purchaseOption: 'spot',
    usdPerHour,
    confirmedAtMs: nowMs,
  }));
}
