import type { Log } from '../lib/ports/log.ts';
import type { HeartbeatStore } from '../lib/ports/state-store.ts';
import type { Heartbeat } from '../lib/ports/vm.ts';

const intervalMs = 2_000;
/** Changes of occupancy that come closer together than this share one report. */
const coalesceMs = 10;

/**
 * Reports this VM. Every 2 s, on every change of state, and (exact pools) within 10 ms of a change of occupancy; never two at a time.
 * A store that does not answer is logged and tried again at the next turn: the controllers see the report grow old.
 */
export class HeartbeatReporter {
  readonly #store: HeartbeatStore;
  readonly #read: () => Omit<Heartbeat, 'sequence'>;
  readonly #eager: boolean;
  readonly #log: Log;
  #sequence = 0;
  #writing: Promise<void> | null = null;
  #again = false;
  #timer: NodeJS.Timeout | null = null;
  #soon: NodeJS.Timeout | null = null;

  constructor(options: { store: HeartbeatStore; read: () => Omit<Heartbeat, 'sequence'>; eager: boolean; log: Log }) {
    this.#store = options.store;
    this.#read = options.read;
    this.#eager = options.eager;
    this.#log = options.log;
  }

  start(): Promise<void> {
    this.#timer = setInterval(() => void this.report(), intervalMs);
    this.#timer.unref();
    return this.report();
  }

  /** Occupancy changed. */
  changed(): void {
    if (!this.#eager || this.#timer === null || this.#soon !== null) return;
    this.#soon = setTimeout(() => {
      this.#soon = null;
      void this.report();
    }, coalesceMs);
  }

  /** Writes now, or once more after the write in progress. Never rejects. */
  report(): Promise<void> {
    if (this.#writing !== null) {
      this.#again = true;
      return this.#writing;
    }
    this.#writing = this.#write().finally(() => {
      this.#writing = null;
      if (this.#again) {
        this.#again = false;
        void this.report();
      }
    });
    return this.#writing;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    if (this.#soon !== null) clearTimeout(this.#soon);
    this.#timer = null;
  }

  async #write(): Promise<void> {
    this.#sequence += 1;
    try {
      await this.#store.putHeartbeat({ ...this.#read(), sequence: this.#sequence });
    } catch (error) {
      this.#log.warn('heartbeat not written', { error: (error as Error).message });
    }
  }
}
