export interface SlotClock {
  nowMs: number;
  slotMs: number;
  /** How long before its slot a regular run has to take place, so that what it launches is up when the slot begins. */
  leadMs: number;
  /** When the scaler looks again, at the latest. */
  nextLookMs: number;
  /** Start of the last slot that was planned; null: none yet. */
  plannedMs: number | null;
}

/**
 * The slot whose regular run is due now: the last look that leaves its machines the whole lead carries it out, and a missed one is made up
 * for within half a slot (later, the next one is near, and two runs would share what little was counted in between).
 *
 * @returns start of the slot; null: none is due
 */
export function slotDue({ nowMs, slotMs, leadMs, nextLookMs, plannedMs }: SlotClock): number | null {
  const startMs = (Math.ceil((nextLookMs + leadMs) / slotMs) - 1) * slotMs;
  const missed = nowMs > startMs - leadMs + slotMs / 2;
  return missed || (plannedMs !== null && startMs <= plannedMs) ? null : startMs;
}
