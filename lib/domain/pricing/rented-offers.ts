import { type CatalogueType, catalogue, sustainedUsdPerHour } from './catalogue.ts';
import { defaultOverheadUsdPerHour } from './offers.ts';
import { type PriceBook, type PriceEntry, priceKey } from './price-book.ts';
import { atOpenZones } from './zone-prices.ts';

/** A type that can be rented in a data centre under a purchase option. */
export interface RentedOffer {
  id: string;
  type: { id: string; cores: number; memoryMiB: number; coreSpeed: number };
  dataCentre: string;
  purchaseOption: 'on-demand' | 'spot';
  /** Machine (burstable surplus included), public IPv4 and disk; of the cheapest zone. */
  priceUsdPerHour: number;
  /** The same by zone; spot only. */
  zonePricesUsdPerHour?: Readonly<Record<string, number>>;
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
  const zoned = zonesOfTypes(book, place.id);
  return catalogue()
    .types.filter((type) => architectures.includes(type.architecture))
    .flatMap((type) =>
      (['on-demand', 'spot'] as const).flatMap((purchaseOption): RentedOffer[] => {
        const zones = purchaseOption === 'spot' ? (zoned.get(type.name) ?? []) : [];
        const regional = book.entries[priceKey({ instanceType: type.name, region: place.id, purchaseOption })];
        const entry = zones[0] ?? regional;
        if (entry === undefined) return [];
        const allIncluded = ({ usdPerHour }: PriceEntry) =>
          usdPerHour + surplusUsdPerHour(type, place.id) + defaultOverheadUsdPerHour;
        const zonePrices = Object.fromEntries(zones.map((zone) => [zone.zone ?? '', allIncluded(zone)]));
        const offer: RentedOffer = {
          id: `${type.name}@${place.id}/${purchaseOption}`,
          type: {
            id: type.name,
            cores: type.cores,
            memoryMiB: Math.round(type.memoryGib * 1024),
            coreSpeed: type.speed,
          },
          dataCentre: place.id,
          purchaseOption,
          priceUsdPerHour: allIncluded(entry),
          ...(zones.length > 0 ? { zonePricesUsdPerHour: zonePrices } : {}),
          networkMs: place.networkMs,
          bootS: place.bootS,
          ...(purchaseOption === 'on-demand' ? { startS: place.startS } : {}),
        };
        return [atOpenZones(offer, () => true)];
      }),
    );
}

/** Spot prices of a region's zones, by type. */
function zonesOfTypes(book: PriceBook, region: string): Map<string, PriceEntry[]> {
  const found = new Map<string, PriceEntry[]>();
  for (const entry of Object.values(book.entries)) {
    if (entry.zone === undefined || entry.region !== region || entry.purchaseOption !== 'spot') continue;
    found.set(entry.instanceType, [...(found.get(entry.instanceType) ?? []), entry]);
  }
  return found;
}

/** What a burstable type that is kept busy costs beyond its list price. */
function surplusUsdPerHour(type: CatalogueType, region: string): number {
  const list = type.onDemandUsdPerHour.get(region);
  const sustained = sustainedUsdPerHour(type, region);
  return list === undefined || sustained === undefined ? 0 : sustained - list;
}
