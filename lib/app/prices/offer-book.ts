import { catalogueBook, type RentedOffer, rentedOffers } from '../../domain/pricing/rented-offers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { PriceStore } from '../../ports/price-store.ts';

export interface OfferBookDependencies {
  store: PriceStore;
  dataCentres: readonly { id: string; networkMs: number }[];
  architectures: readonly ('x86_64' | 'arm64')[];
  /** Expected launch-to-ready time until one has been measured. */
  bootS: number;
  /** The same from stopped; 30 s when absent: EC2 starts in 5 to 20 s, the agent takes the rest. */
  startS?: number;
  clock: Clock;
  log: Log;
  refreshMs?: number;
}

/** Offers of a geography as a process keeps them: read at first use, then again in the background when the copy has aged. */
export interface OfferBook {
  ready(): Promise<readonly RentedOffer[]>;
  /** The last copy; empty before the first `ready`. */
  current(): readonly RentedOffer[];
  /** Hours since the oldest price in force was confirmed by its source. */
  ageHours(): number;
}

export function createOfferBook(deps: OfferBookDependencies): OfferBook {
  const { store, dataCentres, architectures, bootS, clock, log } = deps;
  const startS = deps.startS ?? Math.min(30, bootS);
  const refreshMs = deps.refreshMs ?? 600_000;
  let offers: readonly RentedOffer[] = [];
  let oldestMs = 0;
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  const read = async (): Promise<void> => {
    const books = await Promise.all(
      dataCentres.map(async (place) => ({ place, book: (await store.read(place.id)) ?? catalogueBook(place.id) })),
    );
    offers = books.flatMap(({ place, book }) => rentedOffers(book, { ...place, bootS, startS }, architectures));
    oldestMs = Math.min(...books.map(({ book }) => newest(Object.values(book.entries))));
    readAtMs = clock.monotonicMs();
  };
  const refresh = (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };

  return {
    async ready() {
      if (offers.length === 0) await refresh();
      else if (clock.monotonicMs() - readAtMs > refreshMs) {
        refresh().catch((error: unknown) => {
          readAtMs = clock.monotonicMs();
          log.warn('prices not read, the last copy stays in force', { error: String(error) });
        });
      }
      return offers;
    },
    current: () => offers,
    ageHours: () => Math.max(0, clock.nowMs() - oldestMs) / 3_600_000,
  };
}

/** A data centre is as fresh as its last refresh: types that its source no longer lists do not age it. */
const newest = (entries: readonly { confirmedAtMs: number }[]): number =>
  entries.reduce((max, entry) => Math.max(max, entry.confirmedAtMs), 0);
