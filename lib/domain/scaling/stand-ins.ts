/** As much of an offer as decides whether it may come in place of another. */
export interface StandInOffer {
  id: string;
  type: { cores: number; coreSpeed: number; memoryMiB: number };
  dataCentre: string;
  purchaseOption: 'on-demand' | 'spot';
  priceUsdPerHour: number;
}

/** Dearer than this, the planner should rather be asked again. */
const mostPriceFactor = 1.25;
/** EC2 tries each in each zone: a few types are what "no capacity" is rarely said of. */
const mostStandIns = 3;

/**
 * What may come instead of an offer in the same call: same data centre and purchase option, as many cores, none slower, no less
 * memory, hardly dearer. A fleet in which one stands in keeps every promise that the planned one keeps; the plan is made again on
 * what came.
 */
export function standInsFor<O extends StandInOffer>(wanted: O, offers: readonly O[]): O[] {
  return offers
    .filter(
      (offer) =>
        offer.id !== wanted.id &&
        offer.dataCentre === wanted.dataCentre &&
        offer.purchaseOption === wanted.purchaseOption &&
        offer.type.cores === wanted.type.cores &&
        offer.type.coreSpeed >= wanted.type.coreSpeed &&
        offer.type.memoryMiB >= wanted.type.memoryMiB &&
        offer.priceUsdPerHour <= mostPriceFactor * wanted.priceUsdPerHour,
    )
    .sort((a, b) => a.priceUsdPerHour - b.priceUsdPerHour || (a.id < b.id ? -1 : 1))
    .slice(0, mostStandIns);
}
