/** Offers (type, data centre and purchase option) that had no capacity, and until when they are not tried again. Plain JSON. */
export type SetAside = Record<string, { untilMs: number; failures: number }>;

/** Repeated failures double the time, up to this factor. */
const longest = 8;

/** Notes a failed launch; each failure in a row doubles the time the offer is left alone (karpenter core #3198: 2,700 tries in 90 minutes without it). */
export function setAside(cache: SetAside, offerId: string, nowMs: number, ttlMs: number): SetAside {
  const failures = (cache[offerId]?.failures ?? 0) + 1;
  return { ...cache, [offerId]: { untilMs: nowMs + ttlMs * Math.min(longest, 2 ** (failures - 1)), failures } };
}

export function isSetAside(cache: SetAside, offerId: string, nowMs: number): boolean {
  return (cache[offerId]?.untilMs ?? 0) > nowMs;
}

/** A launch that worked clears the offer's record. */
export function clearSetAside(cache: SetAside, offerId: string): SetAside {
  if (cache[offerId] === undefined) return cache;
  const { [offerId]: _, ...rest } = cache;
  return rest;
}
