/** A provider's announcement that it will take a machine back, or is likely to. */
export interface InterruptionNotice {
  vmId: string;
  atMs: number;
}

/** Notices as they arrived; the scaler heeds recent ones at each look, so that losing a race with it loses nothing. */
export interface InterruptionStore {
  add(notice: InterruptionNotice): Promise<void>;
  /** Notices at or after `fromMs`. */
  list(fromMs: number): Promise<InterruptionNotice[]>;
}
