import { GetProductsCommand, type PricingClient } from '@aws-sdk/client-pricing';
import { z } from 'zod';
import type { PriceEntry } from '../../../domain/pricing/price-book.ts';

/** The regions that serve the Pricing API; it has no VPC endpoint. */
const pricingApiRegions = ['us-east-1', 'eu-central-1', 'ap-south-1'] as const;

/** The nearest of them, by the first letters of their names. */
export function pricingApiRegion(region: string): (typeof pricingApiRegions)[number] {
  return pricingApiRegions.find((id) => id.slice(0, 2) === region.slice(0, 2)) ?? pricingApiRegions[0];
}

/** As much of a price list document as we read. */
const productSchema = z.object({
  product: z.object({ attributes: z.object({ instanceType: z.string() }) }),
  terms: z.object({
    OnDemand: z.record(
      z.string(),
      z.object({
        priceDimensions: z.record(
          z.string(),
          z.object({ unit: z.string(), pricePerUnit: z.object({ USD: z.coerce.number() }) }),
        ),
      }),
    ),
  }),
});

/**
 * On-demand prices of one region, Linux, shared tenancy. Documents of another form are skipped: the price book keeps the last good.
 *
 * @throws what the client throws; the caller keeps its book then
 */
export async function fetchOnDemandPrices(
  client: PricingClient,
  region: string,
  instanceTypes: ReadonlySet<string>,
  nowMs: number,
): Promise<PriceEntry[]> {
  const entries: PriceEntry[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new GetProductsCommand({
        ServiceCode: 'AmazonEC2',
        Filters: Object.entries({
          regionCode: region,
          operatingSystem: 'Linux',
          tenancy: 'Shared',
          preInstalledSw: 'NA',
          capacitystatus: 'Used',
        }).map(([Field, Value]) => ({ Type: 'TERM_MATCH', Field, Value })),
        MaxResults: 100,
        NextToken: nextToken,
      }),
    );
    for (const text of page.PriceList ?? []) {
      const product = productSchema.safeParse(parse(String(text)));
      if (!product.success || !instanceTypes.has(product.data.product.attributes.instanceType)) continue;
      const usdPerHour = Object.values(product.data.terms.OnDemand)
        .flatMap((term) => Object.values(term.priceDimensions))
        .find((dimension) => dimension.unit === 'Hrs' && dimension.pricePerUnit.USD > 0)?.pricePerUnit.USD;
      if (usdPerHour !== undefined) {
        entries.push({
          instanceType: product.data.product.attributes.instanceType,
          region,
          purchaseOption: 'on-demand',
          usdPerHour,
          confirmedAtMs: nowMs,
        });
      }
    }
    nextToken = page.NextToken;
  } while (nextToken !== undefined);
  return entries;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
