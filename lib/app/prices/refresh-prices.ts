import { mergePrices, type PriceBook, type PriceEntry, type PriceFault } from '../../domain/pricing/price-book.ts';
import type { Log } from '../../ports/log.ts';
import type { PriceStore } from '../../ports/price-store.ts';

/** One place that prices come from; what it throws leaves the last good ones in force. */
export interface PriceSource {
  name: string;
  dataCentre: string;
  fetch(): Promise<PriceEntry[]>;
}

export interface RefreshPricesDependencies {
  sources: readonly PriceSource[];
  store: PriceStore;
  /** First value of a data centre that was never refreshed: the committed catalogue's. */
  firstBook(dataCentre: string): PriceBook;
  log: Log;
}

export interface RefreshOutcome {
  /** Prices received. */
  received: number;
  failedSources: string[];
  /** Received and not believed. */
  setAside: PriceFault[];
}

/** Asks every source at once, merges what came into the last good book of each data centre, and reports what did not. */
export async function refreshPrices(deps: RefreshPricesDependencies): Promise<RefreshOutcome> {
  const answers = await Promise.all(
    deps.sources.map(async (source) => {
      try {
        return { source, entries: await source.fetch() };
      } catch (error) {
        deps.log.warn('prices: source failed, the last good ones stay', {
          source: source.name,
          dataCentre: source.dataCentre,
          error: String(error),
        });
        return { source, entries: null };
      }
    }),
  );
  const setAside: PriceFault[] = [];
  for (const dataCentre of new Set(deps.sources.map((source) => source.dataCentre))) {
    const received = answers.flatMap(({ source, entries }) =>
      source.dataCentre === dataCentre && entries !== null ? entries : [],
    );
    if (received.length === 0) continue;
    const before = (await deps.store.read(dataCentre)) ?? deps.firstBook(dataCentre);
    const book = mergePrices(before, received);
    await deps.store.write(dataCentre, book);
    setAside.push(...book.setAside);
  }
  if (setAside.length > 0) deps.log.warn('prices: set aside as faults', { faults: setAside.slice(0, 20) });
  return {
    received: answers.reduce((sum, { entries }) => sum + (entries?.length ?? 0), 0),
    failedSources: answers.flatMap(({ source, entries }) =>
      entries === null ? [`${source.name} ${source.dataCentre}`] : [],
    ),
    setAside,
  };
}
