import { type CatalogueType, catalogue, sustainedUsdPerHour } from './catalogue.ts';
import { defaultOverheadUsdPerHour } from './offers.ts';
import { type PriceBook, priceKey } from './price-book.ts';

/** A type that can be rented in a data centre under a purchase option. */
export interface RentedOffer {
  id: string;
  type: { id: string; cores: number; memoryMiB: number; coreSpeed: number };
  dataCentre: string;
  purchaseOption: 'on-demand' | 'spot';
  /** Machine (burstable surplus included), public IPv4 and disk. */
  priceUsdPerHour: number;
  networkMs: number;
  bootS: number;
  /** From stopped to ready; absent for spot, which EC2 does not let us stop. */
  startS?: number;
}

/** The committed catalogue as the first price book of a data centre; its prices count as old as the catalogue. */
export function catalogueBook(dataCentre: string): PriceBook {
  const { types, asOf } = catalogue();
  const confirmedAtMs = Date.parse(asOf);
  const entries = types.flatMap((type) => {
    const usdPerHour = type.onDemandUsdPerHour.get(dataCentre);
    if (usdPerHour === undefined) return [];
    return [
      { instanceType: type.name, region: dataCentre, purchaseOption: 'on-demand' as const, usdPerHour, confirmedAtMs },
    ];
  });
  return { entries: Object.fromEntries(entries.map((entry) => [priceKey(entry), entry])), setAside: [] };
}

/**
 * What can be rented in a data centre at the book's prices. Spot is offered only where its price is known.
 *
 * @param place round trip from the geography's home region in milliseconds, expected times to ready in seconds: after a launch, from stopped
 */
export function rentedOffers(
  book: PriceBook,
  place: { id: string; networkMs: number; bootS: number; startS: number },
  architectures: readonly CatalogueType['architecture'][],
): RentedOffer[] {
  return catalogue()
    .types.filter((type) => architectures.includes(type.architecture))
    .flatMap((type) =>
      (['on-demand', 'spot'] as const).flatMap((purchaseOption): RentedOffer[] => {
        const entry = book.entries[priceKey({ instanceType: type.name, region: place.id, purchaseOption })]?.usdPerHour;
        if (entry === undefined) return [];
        return [
          {
            id: `${type.name}@${place.id}/${purchaseOption}`,
            type: {
              id: type.name,
              cores: type.cores,
              memoryMiB: Math.round(type.memoryGib * 1024),
              coreSpeed: type.speed,
            },
            dataCentre: place.id,
            purchaseOption,
            priceUsdPerHour: entry + surplusUsdPerHour(type, place.id) + defaultOverheadUsdPerHour,
            networkMs: place.networkMs,
            bootS: place.bootS,
            ...(purchaseOption === 'on-demand' ? { startS: place.startS } : {}),
          },
        ];
      }),
    );
}

/** What a burstable type that is kept busy costs beyond its list price. */
function surplusUsdPerHour(type: CatalogueType, region: string): number {
  const list = type.onDemandUsdPerHour.get(region);
  const sustained = sustainedUsdPerHour(type, region);
  return list === undefined || sustained === undefined ? 0 : sustained - list;
}
