/** The first tick after `nowMs` that comes `leadMs` before a slot (slots are UTC: multiples of their length since the epoch). */
export const alignedTickAfter = (nowMs: number, slotMs: number, leadMs: number): number =>
  (Math.floor((nowMs + leadMs) / slotMs) + 1) * slotMs - leadMs;

/** The first tick at or after `notBefore` that comes `leadS` seconds before a slot of `slotMinutes`. */
export const alignedStart = (notBefore: Date, slotMinutes: number, leadS: number): Date =>
  new Date(alignedTickAfter(notBefore.getTime() - 1, slotMinutes * 60_000, leadS * 1000));
