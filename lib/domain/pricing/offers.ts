import type { Offer } from '../planner/types.ts';
import { type CatalogueType, catalogue, sustainedUsdPerHour } from './catalogue.ts';

/** Which of the catalogue's types may serve an app, and what a request costs them. */
export interface OfferRequest {
  /** Data centres to rent in, with the round trip to each, seconds. */
  regions: readonly { name: string; networkS: number }[];
  /** CPU seconds of one request on the reference core, sandbox included. */
  demandS: number;
  /** Least memory and vCPUs of a VM. */
  memoryGib?: number;
  vcpus?: number;
  architecture?: CatalogueType['architecture'];
  /** Memory of one running request: bounds the sharing limit. */
  requestMemoryGib?: number;
  /** Public IPv4 address and disk, added to every price. */
  overheadUsdPerHour?: number;
  bootS?: number;
}

/** Public IPv4 $0.005/h and 8 GiB of gp3 at $0.08 per GiB-month. */
export const defaultOverheadUsdPerHour = 0.0059;

/** What a stopped machine costs: its disk, 8 GiB of gp3 at $0.08 per GiB-month of 730 h. */
export const stoppedUsdPerHour = (8 * 0.08) / 730;

/** More requests than this per core only wait for each other. */
const mostPerCore = 16;

/** The catalogue's on-demand offers for an app: id "type@region", priced as kept busy (burstable surplus included). */
export function offersFromCatalogue(request: OfferRequest): Offer[] {
  const { regions, demandS, memoryGib = 0, vcpus = 0, architecture, requestMemoryGib = 0.25, bootS } = request;
  const overhead = request.overheadUsdPerHour ?? defaultOverheadUsdPerHour;
  return regions.flatMap(({ name: region, networkS }) =>
    catalogue().types.flatMap((type): Offer[] => {
      const price = sustainedUsdPerHour(type, region);
      if (price === undefined || type.memoryGib < memoryGib || type.vcpus < vcpus) return [];
      if (architecture !== undefined && type.architecture !== architecture) return [];
      const sharingLimit = Math.min(Math.floor(type.memoryGib / requestMemoryGib), mostPerCore * type.cores);
      if (sharingLimit < 1) return [];
      return [
        {
          id: `${type.name}@${region}`,
          serviceRatePerS: (type.cores * type.speed) / demandS,
          cores: type.cores,
          sharingLimit,
          priceUsdPerHour: price + overhead,
          networkS,
          ...(bootS === undefined ? {} : { bootS }),
        },
      ];
    }),
  );
}
