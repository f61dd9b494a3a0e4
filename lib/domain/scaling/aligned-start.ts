/**
 * The first tick at or after `notBefore` that comes `leadS` seconds before a slot boundary (slots are UTC).
 *
 * @param slotMinutes length of a slot; boundaries are multiples of it since the epoch
 */
export function alignedStart(notBefore: Date, slotMinutes: number, leadS: number): Date {
  const slotMs = slotMinutes * 60_000;
  const leadMs = leadS * 1000;
  return new Date(Math.ceil((notBefore.getTime() + leadMs) / slotMs) * slotMs - leadMs);
}
