/** As much of an offer as its price depends on: spot costs something else in every zone. */
export interface ZonedPrice {
  /** Of the cheapest zone that is open. */
  priceUsdPerHour: number;
  /** Price by zone, all included; absent: the same everywhere. */
  zonePricesUsdPerHour?: Readonly<Record<string, number>>;
}

/** What a machine of the offer costs in a zone; where that is not known, what the offer does. */
export const priceIn = ({ zonePricesUsdPerHour = {}, priceUsdPerHour }: ZonedPrice, zone: string): number =>
  zonePricesUsdPerHour[zone] ?? priceUsdPerHour;

/** The offer at the price of its cheapest open zone, which is where a launch is tried first; none open: of its cheapest. */
export function atOpenZones<O extends ZonedPrice>(offer: O, isOpen: (zone: string) => boolean): O {
  const prices = Object.entries(offer.zonePricesUsdPerHour ?? {});
  if (prices.length === 0) return offer;
  const open = prices.filter(([zone]) => isOpen(zone));
  return { ...offer, priceUsdPerHour: Math.min(...(open.length > 0 ? open : prices).map(([, price]) => price)) };
}
