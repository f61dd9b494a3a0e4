/** USD per hour of one (instance type, region, purchase option), for spot of one zone; machine only. */
export interface PriceEntry {
  instanceType: string;
  region: string;
  /** Spot only; absent in entries of earlier versions, which are of the cheapest zone. */
  zone?: string;
  purchaseOption: 'on-demand' | 'spot';
  usdPerHour: number;
  /** When this price was last confirmed by its source. */
  confirmedAtMs: number;
}

export interface PriceFault {
  key: string;
  /** null: there was none. */
  lastGoodUsdPerHour: number | null;
  receivedUsdPerHour: number;
}

export interface PriceBook {
  entries: Record<string, PriceEntry>;
  /** Prices that were received and not believed. */
  setAside: PriceFault[];
}

/** A price that moves by more than this factor at once is more likely a fault than a market. */
const jumpFactor = 5;

export const priceKey = (entry: Pick<PriceEntry, 'instanceType' | 'region' | 'purchaseOption' | 'zone'>): string =>
  `${entry.instanceType}@${entry.region}/${entry.purchaseOption}${entry.zone === undefined ? '' : `#${entry.zone}`}`;

/**
 * Merges freshly received prices into the book: each replaces the last good one unless it is no price at all or jumps by
 * more than `jumpFactor`, in which case the last good one stays and the fault is listed. What was not received stays as it is,
 * with its age. A jump is believed once it has been received again with the same order of magnitude (`confirm`), so that a
 * real change of prices gets through at the second refresh.
 *
 * @param book the last good book
 * @param received USD per hour as the source gave them
 */
export function mergePrices(book: PriceBook, received: readonly PriceEntry[]): PriceBook {
  const entries = { ...book.entries };
  const setAside: PriceFault[] = [];
  const before = new Map(book.setAside.map((fault) => [fault.key, fault]));
  for (const entry of received) {
    const key = priceKey(entry);
    // A zone's first price has no other to be compared with than the region's.
    const last = entries[key] ?? entries[priceKey({ ...entry, zone: undefined })];
    const valid = Number.isFinite(entry.usdPerHour) && entry.usdPerHour > 0;
    if (
      valid &&
      (last === undefined || !jumps(last.usdPerHour, entry.usdPerHour) || confirms(before.get(key), entry.usdPerHour))
    ) {
      entries[key] = entry;
    } else {
      setAside.push({ key, lastGoodUsdPerHour: last?.usdPerHour ?? null, receivedUsdPerHour: entry.usdPerHour });
    }
  }
  return { entries, setAside };
}

function jumps(from: number, to: number): boolean {
  return to > from * jumpFactor || to < from / jumpFactor;
}

function confirms(fault: PriceFault | undefined, usdPerHour: number): boolean {
  return fault !== undefined && fault.receivedUsdPerHour > 0 && !jumps(fault.receivedUsdPerHour, usdPerHour);
}
