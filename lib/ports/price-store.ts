import type { PriceBook } from '../domain/pricing/price-book.ts';

/** The price book, one document per data centre, so that no row outgrows its limit. */
export interface PriceStore {
  /** Null: never refreshed; the committed catalogue is in force. */
  read(dataCentre: string): Promise<PriceBook | null>;
  write(dataCentre: string, book: PriceBook): Promise<void>;
}
